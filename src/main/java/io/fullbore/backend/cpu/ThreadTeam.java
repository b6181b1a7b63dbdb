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
 * <p>A member enters a section and leaves it; the caller closes the section when all tasks are
 * taken and nobody is inside, so that nobody touches its data any more. It does not wait for
 * members that have not entered: on a busy machine they may be waiting for a processor, and the
 * others have done their share by then. One thread calls {@link #run}.
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

  /** The tasks of one call of {@link #run}. */
  private static final class Section {
    private static final int CLOSED = -1;

    final int taskCount;
    final Work work;
    final AtomicInteger nextTask = new AtomicInteger();
    final AtomicInteger inside = new AtomicInteger(); // members at work, or CLOSED

    Section(int taskCount, Work work) {
      this.taskCount = taskCount;
      this.work = work;
    }

    boolean enter() {
      int members;
      do {
        members = inside.get();
      } while (members != CLOSED && !inside.compareAndSet(members, members + 1));
      return members != CLOSED;
    }

    void leave() {
      inside.decrementAndGet();
    }

    /** Succeeds when nobody is inside. */
    boolean close() {
      return inside.compareAndSet(0, CLOSED);
    }
  }

  private final Member[] members;
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile Section section = new Section(0, (task, thread) -> {});
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
    Section started = new Section(taskCount, work);
    section = started;
    for (Member member : members) {
      member.wake();
    }
    workSafely(started, 0);
    for (int spins = 0; !started.close(); spins++) {
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
      Section last = section;
      int spins = 0;
      while (!closed) {
        Section current = section;
        if (current != last) {
          spins = 0;
          last = current;
          join(current);
        } else if (++spins < SPINS_BEFORE_PARK) {
          Thread.onSpinWait();
        } else {
          park(last);
        }
      }
    }

    private void join(Section current) {
      if (current.enter()) {
        workSafely(current, number);
        current.leave();
      }
    }

    /** Looks again after saying that it sleeps: who starts a section looks in the other order. */
    private void park(Section last) {
      parked = true;
      if (section == last && !closed) {
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
