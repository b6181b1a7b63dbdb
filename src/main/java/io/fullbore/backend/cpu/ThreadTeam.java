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

  /** The work of a section. */
  interface Work {
    /**
     * @param task in {@code [0, taskCount)}
     * @param thread who runs it, in {@code [0, threadCount)}: the owner of one thread's buffers
     */
    void run(int task, int thread);
  }

  private record Section(int number, int taskCount, Work work, AtomicInteger nextTask) {}

  private final Member[] members;
  private final AtomicInteger busyMembers = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile Section section = new Section(0, 0, (task, thread) -> {}, new AtomicInteger());
  private volatile boolean closed;

  /**
   * @param threadCount threads in all, the calling one included
   */
  ThreadTeam(int threadCount) {
    members = new Member[threadCount - 1];
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member(i + 1);
      members[i].thread.start();
    }
  }

  int threadCount() {
    return members.length + 1;
  }

  /** Runs {@code task} for each number in {@code [0, taskCount)}; returns when all are done. */
  void run(int taskCount, IntConsumer task) {
    run(taskCount, (number, thread) -> task.accept(number));
  }

  /** The same for work that has buffers per thread. */
  void run(int taskCount, Work work) {
    if (closed) {
      throw new IllegalStateException("the thread team is closed");
    }
    if (taskCount <= 1 || members.length == 0) {
      for (int task = 0; task < taskCount; task++) {
        work.run(task, 0);
      }
      return;
    }
    Section started = new Section(section.number + 1, taskCount, work, new AtomicInteger());
    busyMembers.set(members.length);
    section = started;
    for (Member member : members) {
      member.wake();
    }
    workSafely(started, 0);
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

  private void workSafely(Section current, int thread) {
    try {
      int task;
      while ((task = current.nextTask.getAndIncrement()) < current.taskCount) {
        current.work.run(task, thread);
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }

  /** A thread of the team other than the calling one. */
  private final class Member {
    final Thread thread;
    private final int number;
    private volatile boolean parked;

    Member(int number) {
      this.number = number;
      thread = Thread.ofPlatform().daemon().name("fullbore-cpu-" + number).unstarted(this::serve);
    }

    /** Costs a call of the system only where the member sleeps. */
    void wake() {
      if (parked) {
        LockSupport.unpark(thread);
      }
    }

    private void serve() {
      int joined = 0;
      int spins = 0;
      while (!closed) {
        Section current = section;
        if (current.number != joined) {
          spins = 0;
          joined = current.number;
          workSafely(current, number);
          busyMembers.decrementAndGet();
        } else if (++spins < SPINS_BEFORE_PARK) {
          Thread.onSpinWait();
        } else {
          park(joined);
        }
      }
    }

    /** Looks again after saying that it sleeps: who starts a section looks in the other order. */
    private void park(int joined) {
      parked = true;
      if (section.number == joined && !closed) {
        LockSupport.park(ThreadTeam.this);
      }
      parked = false;
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Member member : members) {
      member.wake();
    }
  }
}
