package io.fullbore.model;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An open GGUF file: its metadata, the list of its tensors, and their bytes, memory-mapped and
 * never copied. A file with a vocabulary and no tensors is valid.
 *
 * <p>Immutable and safe for many threads. It owns the mapping: after {@link #close()} the data of
 * its tensors throws {@link IllegalStateException}. The file must not be cut short while it is
 * open; replacing it (writing a new one and renaming it over the old) is fine.
 */
public final class GgufFile implements AutoCloseable {
  private final String name;
  private final MemorySegment bytes;
  private final @Nullable Arena arena;
  private final Metadata metadata;
  private final List<TensorInfo> tensors;
  private final Map<String, TensorInfo> tensorsByName = new HashMap<>();

  private GgufFile(MemorySegment bytes, String name, @Nullable Arena arena) {
    GgufParser.Header header = GgufParser.parse(bytes, name);
    this.name = name;
    this.bytes = bytes.asReadOnly();
    this.arena = arena;
    this.metadata = header.metadata();
    this.tensors = header.tensors();
    tensors.forEach(tensor -> tensorsByName.put(tensor.name(), tensor));
  }

  /**
   * Maps a file.
   *
   * @throws IOException when it cannot be read
   * @throws ModelFormatException when it is no complete, supported GGUF file
   */
  public static GgufFile open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new ModelFormatException("file=%s: is a directory; give a .gguf file".formatted(path));
    }
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      GgufFile file = new GgufFile(bytes, path.toString(), arena);
      opened = true;
      return file;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  /**
   * Reads a file that is in memory already. The caller keeps the memory and lets it live.
   *
   * @param name for messages
   * @throws ModelFormatException when it is no complete, supported GGUF file
   */
  public static GgufFile of(MemorySegment bytes, String name) {
    return new GgufFile(bytes, name, null);
  }

  /** The path, or the name given to {@link #of}. */
  public String name() {
    return name;
  }

  public long sizeBytes() {
    return bytes.byteSize();
  }

  /** Tells this file's content from others'; see {@link ModelDigest}. 64 hex digits. */
  public String digest() {
    long headBytes =
        tensors.stream().mapToLong(TensorInfo::offsetBytes).min().orElse(bytes.byteSize());
    return ModelDigest.of(bytes, headBytes);
  }

  public Metadata metadata() {
    return metadata;
  }

  /** In file order. */
  public List<TensorInfo> tensors() {
    return tensors;
  }

  /** The tensor of that name, its data a view of the mapped file. */
  public Optional<Tensor> tensor(String tensorName) {
    return Optional.ofNullable(tensorsByName.get(tensorName)).map(this::view);
  }

  private Tensor view(TensorInfo info) {
    MemorySegment data = bytes.asSlice(info.offsetBytes(), info.sizeBytes());
    return new Tensor(info.name(), info.format(), info.rows(), info.columns(), data);
  }

  /** Unmaps the file; does nothing for memory of the caller. */
  @Override
  public void close() {
    if (arena != null && arena.scope().isAlive()) {
      arena.close();
    }
  }
}
