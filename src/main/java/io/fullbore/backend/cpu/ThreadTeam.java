package io.fullbore.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * A fixed team of threads that share the tasks of one parallel section after another. The calling
 * thread works along. Members spin briefly between sections, since the next one follows within
 * microseconds during a step, and park when none comes.
 *
 * <p>Sections are numbered; a member joins the section of a number once and leaves it by counting
 * itself out, so the caller returns only when nobody touches the section's data any more. One
 * thread calls {@link #run}.
 */
final class ThreadTeam implements AutoCloseable {
  private static final int SPINS_BEFORE_PARK = 5_000;

  /** A member may wait for a processor of its own: let it have this one. */
  private static final int SPINS_BEFORE_YIELD = 1_000;

  private record Section(int number, int taskCount, IntConsumer task, AtomicInteger nextTask) {}

  private final Thread[] members;
  private final AtomicInteger busyMembers = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile Section section = new Section(0, 0, task -> {}, new AtomicInteger());
  private volatile boolean closed;

  /**
   * @param threadCount threads in all, the calling one included
   */
  ThreadTeam(int threadCount) {
    members = new Thread[threadCount - 1];
    for (int i = 0; i < members.length; i++) {
      members[i] = Thread.ofPlatform().daemon().name("fullbore-cpu-" + (i + 1)).start(this::serve);
    }
  }

  int threadCount() {
    return members.length + 1;
  }

  /** Runs {@code task} for each number in {@code [0, taskCount)}; returns when all are done. */
  void run(int taskCount, IntConsumer task) {
    if (closed) {
      throw new IllegalStateException("the thread team is closed");
    }
    if (taskCount <= 1 || members.length == 0) {
      for (int i = 0; i < taskCount; i++) {
        task.accept(i);
      }
      return;
    }
    Section started = new Section(section.number + 1, taskCount, task, new AtomicInteger());
    busyMembers.set(members.length);
    section = started;
    for (Thread member : members) {
      LockSupport.unpark(member);
    }
    workSafely(started);
    for (int spins = 0; busyMembers.get() > 0; spins++) {
      if (spins < SPINS_BEFORE_YIELD) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
    Throwable failed = failure.getAndSet(null);
    if (failed != null) {
      throw new IllegalStateException("a CPU worker failed", failed);
    }
  }

  private void serve() {
    int joined = 0;
    int spins = 0;
    while (!closed) {
      Section current = section;
      if (current.number == joined) {
        if (++spins < SPINS_BEFORE_PARK) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
        continue;
      }
      spins = 0;
      joined = current.number;
      workSafely(current);
      busyMembers.decrementAndGet();
    }
  }

  private void workSafely(Section current) {
    try {
      work(current);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  private static void work(Section section) {
    int task;
    while ((task = section.nextTask.getAndIncrement()) < section.taskCount) {
      section.task.accept(task);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread member : members) {
      LockSupport.unpark(member);
    }
  }
}
