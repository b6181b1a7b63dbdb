package io.fullbore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Enforces the package layers: a layer imports lower layers only, never a sibling. */
class LayersTest {
  private static final String ROOT = "io.fullbore.";

  /** Bottom up; the packages of one row are siblings. */
  private static final List<List<String>> LAYERS =
      List.of(
          List.of("core", "config"),
          List.of("model", "tokenizer", "chat", "kv", "sampling"),
          List.of("graph"),
          List.of("backend"),
          List.of("engine", "redis"),
          List.of("auth", "limits", "cache", "upstream", "cluster"),
          List.of("routing"),
          List.of("rollout", "serving"),
          List.of("http", "metrics"),
          List.of("app"));

  private static final Map<String, Integer> LAYER_OF =
      IntStream.range(0, LAYERS.size())
          .boxed()
          .flatMap(layer -> LAYERS.get(layer).stream().map(name -> Map.entry(name, layer)))
          .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.fullbore");

  @Test
  void layersImportDownwardsOnly() {
    var violations = new TreeSet<String>();
    for (JavaClass origin : CLASSES) {
      String from = topPackage(origin);
      for (var dependency : origin.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (!target.getPackageName().startsWith(ROOT)) {
          continue;
        }
        String to = topPackage(target);
        if (!from.equals(to) && LAYER_OF.get(to) >= LAYER_OF.get(from)) {
          violations.add(origin.getName() + " -> " + target.getName());
        }
      }
    }
    assertEquals(new TreeSet<>(), violations);
  }

  @Test
  void everyClassStandsInAKnownPackage() {
    for (JavaClass javaClass : CLASSES) {
      assertTrue(LAYER_OF.containsKey(topPackage(javaClass)), javaClass.getName());
    }
  }

  @Test
  void theCudaBackendAloneUsesJCuda() {
    var violations = new TreeSet<String>();
    for (JavaClass origin : CLASSES) {
      for (var dependency : origin.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getPackageName();
        if (target.startsWith("jcuda") && !origin.getPackageName().equals(ROOT + "backend.cuda")) {
          violations.add(origin.getName() + " -> " + dependency.getTargetClass().getName());
        }
      }
    }
    assertEquals(new TreeSet<>(), violations);
  }

  private static String topPackage(JavaClass javaClass) {
    String below = javaClass.getPackageName().substring(ROOT.length());
    int dot = below.indexOf('.');
    return dot < 0 ? below : below.substring(0, dot);
  }
}
