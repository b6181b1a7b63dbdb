package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import io.fullbore.model.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FusedGraphTest {
  private static final int LAYERS = 2;

  @TempDir Path folder;

  private DecoderGraph graph(SyntheticModel.Builder model) throws IOException {
    Path path = folder.resolve("model.gguf");
    model.layers(LAYERS).vocabularyTokens(320).contextTokens(64).build().write(path, bytes -> {});
    try (GgufFile file = GgufFile.open(path)) {
      Architecture architecture = Architecture.of(file.metadata());
      return DecoderGraph.of(architecture, Weights.of(file, architecture));
    }
  }

  @Test
  void aLayerIsSevenPieces() throws IOException {
    FusedGraph fused =
        FusedGraph.of(
            graph(
                SyntheticModel.builder("llama")
                    .dim(64)
                    .heads(4, 2)
                    .ffn(96)
                    .format(WeightFormat.Q8_0)));
    assertEquals(OperandKind.F16, fused.kind());
    assertEquals(1 + LAYERS * 7, fused.allRows().size());
    var projections = (FusedOp.Product) fused.allRows().get(2);
    assertEquals(64 + 32 + 32, projections.matrix().outRows());
    assertEquals(8, projections.matrix().tileCount());
    var both = (FusedOp.Product) fused.allRows().get(6);
    assertTrue(both.matrix().interleaved());
    assertEquals(96, both.matrix().outRows());
    assertEquals(12, both.matrix().tileCount());
    assertEquals(2, fused.logitRows().size());
  }

  @Test
  void headsThatShareATileLieApart() throws IOException {
    FusedGraph fused =
        FusedGraph.of(
            graph(
                SyntheticModel.builder("llama")
                    .dim(64)
                    .headDim(24)
                    .heads(6, 1)
                    .ffn(64)
                    .format(WeightFormat.BF16)));
    assertEquals(OperandKind.BF16, fused.kind());
    List<Integer> offsets = new ArrayList<>();
    for (FusedOp op : fused.allRows()) {
      if (op instanceof FusedOp.Product product
          && product.target() instanceof FusedOp.Target.Projections(int offset)) {
        offsets.add(offset);
      }
    }
    assertEquals(List.of(0, 168, 0, 168), offsets);
  }

  @Test
  void anUnknownOrderIsRefused() throws IOException {
    DecoderGraph graph =
        graph(SyntheticModel.builder("llama").dim(64).heads(4, 2).ffn(64).format(WeightFormat.F16));
    List<Op> ops = new ArrayList<>(graph.ops());
    ops.removeIf(op -> op instanceof Op.AddResidual);
    DecoderGraph broken = new DecoderGraph(graph.architecture(), graph.ropeFactors(), ops);
    assertThrows(IllegalArgumentException.class, () -> FusedGraph.of(broken));
  }
}
