package io.fullbore.backend.cpu;

import io.fullbore.model.WeightFormat;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The entry points of one library of kernels; {@code native/cpu/kernels.h} says what each does.
 * Called by the native backend and its parts from every thread of the team.
 *
 * <p>Pointers are passed as numbers: a segment's arena would be counted up and down by all threads
 * in every call. So the caller vouches for the memory: a backend frees it only after its last step.
 *
 * <p>The handles are constants that take a function's address as their first argument, so the JIT
 * compiler inlines them whichever library is used. None is {@link Linker.Option#critical}: that
 * saves some 10 ns of a call, of which a token needs a few hundred, and a kernel would hold up
 * every safepoint.
 */
final class Kernels {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfLong POINTER = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static final MethodHandle LANES = function(INT);
  private static final MethodHandle OF_FORMAT = function(INT, INT);
  private static final MethodHandle GROUP_BYTES = function(LONG, INT, INT);
  private static final MethodHandle PACK = procedure(INT, POINTER, INT, INT, POINTER, INT, INT);
  private static final MethodHandle QUANTIZE =
      procedure(POINTER, INT, INT, INT, POINTER, POINTER, POINTER);
  private static final MethodHandle ROUND = procedure(POINTER, INT, INT, INT, POINTER);
  private static final MethodHandle LINEAR = procedure(POINTER, POINTER, INT, POINTER, INT, INT);
  private static final MethodHandle NORM =
      procedure(POINTER, POINTER, INT, FLOAT, POINTER, INT, INT);
  private static final MethodHandle ROTATE =
      procedure(POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT, INT, INT);
  private static final MethodHandle TO_ELEMENTS = procedure(POINTER, POINTER, LONG, LONG);
  private static final MethodHandle STORE =
      procedure(POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT);
  private static final MethodHandle ATTEND =
      procedure(POINTER, POINTER, POINTER, INT, POINTER, INT, INT, INT, POINTER);
  private static final MethodHandle ATTEND_SCRATCH = function(LONG, POINTER, INT);

  private final InstructionSet instructionSet;
  private final MemorySegment lanes;
  private final MemorySegment supports;
  private final MemorySegment wants;
  private final MemorySegment groupBytes;
  private final MemorySegment pack;
  private final MemorySegment quantize;
  private final MemorySegment round;
  private final MemorySegment linear;
  private final MemorySegment norm;
  private final MemorySegment rotate;
  private final MemorySegment swiglu;
  private final MemorySegment add;
  private final MemorySegment store;
  private final MemorySegment attend;
  private final MemorySegment attendScratch;

  /**
   * @param library stays loaded as long as the process runs
   * @throws java.util.NoSuchElementException naming the entry point that the library lacks
   */
  Kernels(InstructionSet instructionSet, SymbolLookup library) {
    this.instructionSet = instructionSet;
    lanes = library.findOrThrow("fb_lanes");
    supports = library.findOrThrow("fb_supports");
    wants = library.findOrThrow("fb_wants");
    groupBytes = library.findOrThrow("fb_group_bytes");
    pack = library.findOrThrow("fb_pack");
    quantize = library.findOrThrow("fb_quantize");
    round = library.findOrThrow("fb_round");
    linear = library.findOrThrow("fb_linear");
    norm = library.findOrThrow("fb_norm");
    rotate = library.findOrThrow("fb_rotate");
    swiglu = library.findOrThrow("fb_swiglu");
    add = library.findOrThrow("fb_add");
    store = library.findOrThrow("fb_store");
    attend = library.findOrThrow("fb_attend");
    attendScratch = library.findOrThrow("fb_attend_scratch");
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(MemoryLayout result, MemoryLayout... arguments) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(result, arguments));
  }

  @SuppressWarnings("restricted")
  private static MethodHandle procedure(MemoryLayout... arguments) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(arguments));
  }

  InstructionSet instructionSet() {
    return instructionSet;
  }

  int lanes() {
    try {
      return (int) LANES.invokeExact(lanes);
    } catch (Throwable e) {
      throw failed("fb_lanes", e);
    }
  }

  boolean supports(WeightFormat format) {
    return ofFormat(supports, format) != 0;
  }

  Activations wants(WeightFormat format) {
    return Activations.values()[ofFormat(wants, format)];
  }

  private static int ofFormat(MemorySegment function, WeightFormat format) {
    try {
      return (int) OF_FORMAT.invokeExact(function, format.typeId());
    } catch (Throwable e) {
      throw failed("a question about a format", e);
    }
  }

  long groupBytes(WeightFormat format, int columns) {
    try {
      return (long) GROUP_BYTES.invokeExact(groupBytes, format.typeId(), columns);
    } catch (Throwable e) {
      throw failed("fb_group_bytes", e);
    }
  }

  void pack(
      WeightFormat format, long source, int rows, int columns, long packed, int from, int to) {
    try {
      PACK.invokeExact(pack, format.typeId(), source, rows, columns, packed, from, to);
    } catch (Throwable e) {
      throw failed("fb_pack", e);
    }
  }

  void quantize(long x, int columns, int from, int to, long q, long scale, long sum) {
    try {
      QUANTIZE.invokeExact(quantize, x, columns, from, to, q, scale, sum);
    } catch (Throwable e) {
      throw failed("fb_quantize", e);
    }
  }

  void round(long x, int columns, int from, int to, long pairs) {
    try {
      ROUND.invokeExact(round, x, columns, from, to, pairs);
    } catch (Throwable e) {
      throw failed("fb_round", e);
    }
  }

  void linear(long matrix, long activations, int rowCount, long target, int from, int to) {
    try {
      LINEAR.invokeExact(linear, matrix, activations, rowCount, target, from, to);
    } catch (Throwable e) {
      throw failed("fb_linear", e);
    }
  }

  void norm(long source, long weight, int width, float epsilon, long target, int from, int to) {
    try {
      NORM.invokeExact(norm, source, weight, width, epsilon, target, from, to);
    } catch (Throwable e) {
      throw failed("fb_norm", e);
    }
  }

  void rotate(
      long heads,
      long positions,
      long cosines,
      long sines,
      int headCount,
      int headDim,
      int pairs,
      boolean adjacent,
      int from,
      int to) {
    try {
      ROTATE.invokeExact(
          rotate,
          heads,
          positions,
          cosines,
          sines,
          headCount,
          headDim,
          pairs,
          adjacent ? 1 : 0,
          from,
          to);
    } catch (Throwable e) {
      throw failed("fb_rotate", e);
    }
  }

  void swiglu(long gate, long up, long from, long to) {
    try {
      TO_ELEMENTS.invokeExact(swiglu, gate, up, from, to);
    } catch (Throwable e) {
      throw failed("fb_swiglu", e);
    }
  }

  void add(long target, long source, long from, long to) {
    try {
      TO_ELEMENTS.invokeExact(add, target, source, from, to);
    } catch (Throwable e) {
      throw failed("fb_add", e);
    }
  }

  void store(long layer, long key, long value, long positions, long tables, int from, int to) {
    try {
      STORE.invokeExact(store, layer, key, value, positions, tables, from, to);
    } catch (Throwable e) {
      throw failed("fb_store", e);
    }
  }

  void attend(
      long layer,
      long query,
      long attended,
      int firstPosition,
      long table,
      int kvHead,
      int from,
      int to,
      long scratch) {
    try {
      ATTEND.invokeExact(
          attend, layer, query, attended, firstPosition, table, kvHead, from, to, scratch);
    } catch (Throwable e) {
      throw failed("fb_attend", e);
    }
  }

  long attendScratchBytes(long layer, int rowCount) {
    try {
      return (long) ATTEND_SCRATCH.invokeExact(attendScratch, layer, rowCount);
    } catch (Throwable e) {
      throw failed("fb_attend_scratch", e);
    }
  }

  private static IllegalStateException failed(String function, Throwable e) {
    return new IllegalStateException(function + " could not be called", e);
  }
}
