package io.fullbore.auth;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys in a JSON file, which an administrator may also edit by hand: it is looked at every 500 ms
 * and read again when it has changed. While it is malformed, or gone, the keys it held before stay
 * in force. A file that was never there holds no keys.
 */
public final class FileKeys implements KeyHome {
  private static final Logger LOG = LoggerFactory.getLogger(FileKeys.class);
  private static final long LOOK_MS = 500;
  private static final int MOST_REWRITES = 10;

  /**
   * What a changed file was found to hold.
   *
   * @param fault why the keys are not known; null where they are
   */
  private record Look(KeyFile.Stamp stamp, List<KeyRecord> keys, @Nullable String fault) {}

  private final Vertx vertx;
  private final WorkerExecutor worker;
  private final KeyFile file;
  private Consumer<List<KeyRecord>> publish = ignored -> {};
  private KeyFile.@Nullable Stamp seen;
  private List<KeyRecord> inForce = List.of();
  private boolean complained;
  private long lookTimer;
  private boolean closed;

  public FileKeys(Vertx vertx, Path path) {
    this.vertx = vertx;
    this.worker = vertx.createSharedWorkerExecutor(WORKER, 1);
    this.file = new KeyFile(path);
  }

  @Override
  public Future<Void> start(Consumer<List<KeyRecord>> to) {
    publish = to;
    return look();
  }

  /** Never fails. The worker takes the looks and the changes one by one. */
  private Future<Void> look() {
    KeyFile.Stamp before = seen;
    return worker
        .executeBlocking(() -> lookAt(file, before))
        .onSuccess(this::take)
        .onComplete(ignored -> complained = false, this::failed)
        .onComplete(ignored -> lookLater())
        .<Void>mapEmpty()
        .otherwiseEmpty();
  }

  /** Says once what went wrong. */
  private void failed(Throwable cause) {
    if (!complained && !closed) {
      complained = true;
      LOG.error(
          "API keys: {} cannot be looked at; the keys that were read before stay in force",
          file.path(),
          cause);
    }
  }

  private void lookLater() {
    if (!closed) {
      lookTimer = vertx.setTimer(LOOK_MS, ignored -> look());
    }
  }

  /** Null where nothing has changed. */
  private static @Nullable Look lookAt(KeyFile file, KeyFile.@Nullable Stamp before) {
    KeyFile.Stamp now = file.stamp();
    if (now.equals(before)) {
      return null;
    }
    if (now.equals(KeyFile.Stamp.ABSENT)) {
      return new Look(now, List.of(), before == null ? null : file.path() + " is gone");
    }
    try {
      return new Look(now, file.read(), null);
    } catch (MalformedKeyException e) {
      return new Look(now, List.of(), e.getMessage());
    } catch (IOException e) {
      return new Look(now, List.of(), "cannot be read: " + e);
    }
  }

  private void take(@Nullable Look look) {
    if (look == null) {
      return;
    }
    seen = look.stamp();
    if (look.fault() != null) {
      LOG.error("API keys: {}; the keys that were read before stay in force", look.fault());
      return;
    }
    inForce = look.keys();
    publish.accept(inForce);
  }

  @Override
  public Future<Void> add(KeyRecord key) {
    return change(
            old -> {
              var more = new ArrayList<>(old);
              more.add(key);
              return more;
            })
        .mapEmpty();
  }

  @Override
  public Future<Boolean> remove(String id) {
    return change(old -> old.stream().filter(key -> !key.id().equals(id)).toList());
  }

  /**
   * @return whether the edit adds or removes anything
   */
  private Future<Boolean> change(UnaryOperator<List<KeyRecord>> edit) {
    List<KeyRecord> known = inForce;
    return worker
        .executeBlocking(() -> rewrite(file, known, edit))
        .onSuccess(this::take)
        .map(look -> look != null)
        .recover(
            cause ->
                Future.failedFuture(
                    new KeysUnavailableException(
                        "The file of keys cannot be changed (%s); mend it and try again."
                            .formatted(reason(cause)))));
  }

  private static String reason(Throwable cause) {
    return cause instanceof MalformedKeyException
        ? String.valueOf(cause.getMessage())
        : cause.toString();
  }

  /**
   * Edits what the file holds now, which is not always what was read last; and again where somebody
   * else edits it meanwhile.
   *
   * @param known what it held, should it be gone
   */
  private static @Nullable Look rewrite(
      KeyFile file, List<KeyRecord> known, UnaryOperator<List<KeyRecord>> edit)
      throws IOException, MalformedKeyException {
    for (int i = 0; i < MOST_REWRITES; i++) {
      KeyFile.Stamp before = file.stamp();
      List<KeyRecord> old = before.equals(KeyFile.Stamp.ABSENT) ? known : file.read();
      List<KeyRecord> edited = List.copyOf(edit.apply(old));
      if (edited.size() == old.size()) {
        return null;
      }
      KeyFile.Stamp written = file.replace(before, edited);
      if (written != null) {
        return new Look(written, edited, null);
      }
    }
    throw new IOException(file.path() + " is being changed by somebody else");
  }

  @Override
  public Future<Void> close() {
    closed = true;
    vertx.cancelTimer(lookTimer);
    return worker.close();
  }
}
