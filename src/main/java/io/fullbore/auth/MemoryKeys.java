package io.fullbore.auth;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Keys that last as long as the process. */
public final class MemoryKeys implements KeyHome {
  private final List<KeyRecord> keys = new ArrayList<>();
  private Consumer<List<KeyRecord>> publish = ignored -> {};

  @Override
  public Future<Void> start(Consumer<List<KeyRecord>> to) {
    publish = to;
    publish.accept(List.copyOf(keys));
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> add(KeyRecord key) {
    keys.add(key);
    publish.accept(List.copyOf(keys));
    return Future.succeededFuture();
  }

  @Override
  public Future<Boolean> remove(String id) {
    boolean removed = keys.removeIf(key -> key.id().equals(id));
    publish.accept(List.copyOf(keys));
    return Future.succeededFuture(removed);
  }

  @Override
  public Future<Void> close() {
    return Future.succeededFuture();
  }
}
