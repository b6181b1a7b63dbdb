package io.fullbore.model;

import io.fullbore.core.Metadata;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a GGUF file of version 3: the header at once, then the tensors' data piece by piece, so
 * that a file of many gigabytes needs little heap. The data goes to a file beside the target, which
 * {@link #commit} moves into place; without it {@link #close} leaves nothing behind.
 *
 * <p>Owned by one thread.
 */
public final class GgufWriter implements AutoCloseable {
  private static final long PIECE_BYTES = 64L << 20;

  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private final List<TensorSpec> tensors;
  private final int alignment;
  private int tensorIndex;
  private long tensorBytesLeft;

  private GgufWriter(
      Path target, Path partial, FileChannel channel, List<TensorSpec> tensors, int alignment) {
    this.target = target;
    this.partial = partial;
    this.channel = channel;
    this.tensors = tensors;
    this.alignment = alignment;
    this.tensorBytesLeft = tensors.isEmpty() ? 0 : tensors.getFirst().sizeBytes();
  }

  /**
   * Starts a file and writes its header.
   *
   * <p>Integers become {@code u32}, {@code i32} or 64-bit, whichever is the first to hold them (in
   * arrays {@code i32} comes first), and numbers {@code f32}: the types llama.cpp asks for.
   *
   * @param metadata written in its order; {@code general.alignment} is obeyed
   * @param tensors in the order in which their data will be appended
   * @throws IOException when the file cannot be written
   */
  public static GgufWriter create(Path target, Metadata metadata, List<TensorSpec> tensors)
      throws IOException {
    int alignment =
        metadata.integer(
            GgufParser.ALIGNMENT_KEY, GgufParser.DEFAULT_ALIGNMENT, 1, GgufParser.MAX_ALIGNMENT);
    ByteBuffer header = header(metadata, List.copyOf(tensors), alignment);
    Path absolute = target.toAbsolutePath();
    Path partial =
        absolute.resolveSibling(absolute.getFileName() + "." + UUID.randomUUID() + ".partial");
    FileChannel channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    GgufWriter writer = new GgufWriter(absolute, partial, channel, List.copyOf(tensors), alignment);
    boolean started = false;
    try {
      writer.writeFully(header);
      started = true;
      return writer;
    } finally {
      if (!started) {
        writer.close();
      }
    }
  }

  /**
   * Appends the next bytes of the tensor whose turn it is; padding comes by itself.
   *
   * @param bytes native memory, or a {@code byte[]}
   * @throws IllegalArgumentException when there is more than the tensor still needs
   */
  public void append(MemorySegment bytes) throws IOException {
    if (bytes.byteSize() > tensorBytesLeft) {
      throw new IllegalArgumentException(
          "tensor=%s: %d bytes given where %d are left"
              .formatted(
                  tensorIndex < tensors.size() ? tensors.get(tensorIndex).name() : "(none)",
                  bytes.byteSize(),
                  tensorBytesLeft));
    }
    for (long at = 0; at < bytes.byteSize(); at += PIECE_BYTES) {
      long length = Math.min(PIECE_BYTES, bytes.byteSize() - at);
      writeFully(bytes.asSlice(at, length).asByteBuffer());
    }
    tensorBytesLeft -= bytes.byteSize();
    if (tensorBytesLeft == 0 && tensorIndex < tensors.size()) {
      writeFully(ByteBuffer.allocate((int) padding(channel.position(), alignment)));
      tensorIndex++;
      tensorBytesLeft = tensorIndex < tensors.size() ? tensors.get(tensorIndex).sizeBytes() : 0;
    }
  }

  /**
   * Moves the finished file into place, over an old one if there is one.
   *
   * @throws IllegalStateException when data is missing
   */
  public void commit() throws IOException {
    if (tensorIndex < tensors.size()) {
      throw new IllegalStateException(
          "tensor=%s lacks %d bytes".formatted(tensors.get(tensorIndex).name(), tensorBytesLeft));
    }
    channel.force(true);
    channel.close();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Drops the file unless it was committed. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(partial);
  }

  private static ByteBuffer header(Metadata metadata, List<TensorSpec> tensors, int alignment) {
    if (Integer.bitCount(alignment) != 1) {
      throw new IllegalArgumentException("alignment=%d is no power of two".formatted(alignment));
    }
    GgufHeaderBytes out = new GgufHeaderBytes();
    out.int32(GgufParser.MAGIC);
    out.int32(GgufParser.VERSION);
    out.int64(tensors.size());
    out.int64(metadata.values().size());
    for (Map.Entry<String, Object> entry : metadata.values().entrySet()) {
      out.string(entry.getKey());
      out.value(entry.getValue());
    }
    long offset = 0;
    for (TensorSpec tensor : tensors) {
      out.string(tensor.name());
      out.int32(tensor.shape().size());
      tensor.shape().forEach(out::int64);
      out.int32(tensor.format().typeId());
      out.int64(offset);
      offset += tensor.sizeBytes();
      offset += padding(offset, alignment);
    }
    out.zeros((int) padding(out.size(), alignment));
    return out.toBuffer();
  }

  private static long padding(long position, int alignment) {
    return -position & (alignment - 1);
  }

  private void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
