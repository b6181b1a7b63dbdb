package io.fullbore.auth;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file of keys, {@code {"keys": […]}}: strict JSON. Replaced as a whole, so that no reader ever
 * sees half of it, by a file that only its owner may read. Blocks; {@link FileKeys} calls it on
 * workers.
 */
record KeyFile(Path path) {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  /**
   * Tells one state of the file from another.
   *
   * @param file the file system's own name of the file, where it has one
   */
  record Stamp(FileTime modified, long sizeBytes, @Nullable Object file) {
    /** Of a file that is not there. */
    static final Stamp ABSENT = new Stamp(FileTime.fromMillis(0), -1, null);

    /** Of a file that cannot even be looked at. */
    static final Stamp HIDDEN = new Stamp(FileTime.fromMillis(0), -2, null);
  }

  Stamp stamp() {
    return stamp(path);
  }

  private static Stamp stamp(Path path) {
    try {
      var attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
    } catch (NoSuchFileException e) {
      return Stamp.ABSENT;
    } catch (IOException e) {
      return Stamp.HIDDEN;
    }
  }

  List<KeyRecord> read() throws IOException, MalformedKeyException {
    JsonNode root;
    try {
      root = MAPPER.readTree(Files.readAllBytes(path));
    } catch (JsonProcessingException e) {
      var where = e.getLocation();
      throw new MalformedKeyException(
          path.toString(),
          where == null
              ? "malformed JSON"
              : "malformed JSON at line %d column %d"
                  .formatted(where.getLineNr(), where.getColumnNr()));
    }
    JsonNode keys = root.path("keys");
    if (!keys.isArray() || root.size() != 1) {
      throw new MalformedKeyException(path.toString(), "expected {\"keys\": [...]}");
    }
    return records(keys);
  }

  private List<KeyRecord> records(JsonNode keys) throws MalformedKeyException {
    List<KeyRecord> records = new ArrayList<>(keys.size());
    Set<String> ids = new HashSet<>();
    Set<KeyDigest> digests = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      String place = "%s: keys[%d]".formatted(path, i);
      KeyRecord key = KeyJson.read(keys.get(i), place);
      if (!ids.add(key.id()) || !digests.add(key.digest())) {
        throw new MalformedKeyException(place, "an earlier key has the same id or sha256");
      }
      records.add(key);
    }
    return List.copyOf(records);
  }

  /**
   * Writes the file unless it has changed meanwhile, but for the moment of the move itself.
   *
   * @param old what is to be replaced
   * @return of what was written; null where the file is no longer the old one
   */
  @Nullable Stamp replace(Stamp old, List<KeyRecord> keys) throws IOException {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    keys.forEach(key -> list.add(KeyJson.stored(key)));
    JsonNode root = JsonNodeFactory.instance.objectNode().set("keys", list);
    byte[] json = MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    Path directory = path.toAbsolutePath().getParent();
    Path fresh = Files.createTempFile(directory, ".keys", ".tmp", ownerOnly());
    try {
      try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer rest = ByteBuffer.wrap(json);
        while (rest.hasRemaining()) {
          channel.write(rest);
        }
        channel.force(true);
      }
      Stamp written = stamp(fresh);
      if (!stamp().equals(old)) {
        return null;
      }
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return written;
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  private FileAttribute<?>[] ownerOnly() {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }
}
