package io.fullbore.engine;

import org.jspecify.annotations.Nullable;

/**
 * What an engine says of itself on the bus, after every step that changed it.
 *
 * @param version the engine's name: the model version it serves, and which replica where there are
 *     several
 * @param batchesReceived batches taken in so far; lets the sender tell what this status covers
 * @param running sequences with KV blocks
 * @param waiting sequences taken in and without blocks
 * @param maxRunning sequences that can run at once
 * @param freeBlocks KV blocks nobody holds
 * @param blockCount KV blocks in all
 * @param cachedBlocks KV blocks that hold a known prefix
 * @param stepCount steps so far
 * @param promptTokens prompt tokens computed so far
 * @param generatedTokens tokens generated so far
 * @param preemptions sequences that had to give their blocks back so far
 * @param endedCount sequences that finished or failed so far
 * @param stepMicros about how long a step takes at present
 * @param hostBlocks blocks of the KV cache's host tier in all, 0 without one
 * @param hostCachedBlocks blocks of the host tier that hold a known prefix
 * @param fault why the engine computes nothing, null while it does
 */
public record EngineStatus(
    String version,
    long batchesReceived,
    int running,
    int waiting,
    int maxRunning,
    int freeBlocks,
    int blockCount,
    int cachedBlocks,
    long stepCount,
    long promptTokens,
    long generatedTokens,
    long preemptions,
    long endedCount,
    long stepMicros,
    int hostBlocks,
    int hostCachedBlocks,
    @Nullable String fault) {}
