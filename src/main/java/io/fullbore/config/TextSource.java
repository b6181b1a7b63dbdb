package io.fullbore.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads named lines of text, from the environment or the command line, into a {@link Draft}. */
final class TextSource {
  private static final String PREFIX = "FULLBORE_";

  /** Variables that the launcher script reads, and the GPU backend's search for a driver. */
  private static final Set<String> OF_OTHERS =
      Set.of("FULLBORE_JAVA_HOME", "FULLBORE_JAVA_OPTS", "FULLBORE_CUDA_DRIVER");

  private static final Pattern NUMBER = Pattern.compile("\\d+");

  /** A list index amid a name: {@code _0} before an underscore, {@code .0} or {@code [0]}. */
  private static final Pattern INDEX = Pattern.compile("[._]\\d+(?=[._])|\\[\\d+]");

  private static final int SHOWN_CHARS = 60;

  private record Entry(Keys.Key key, String text, String source) {}

  private final Draft draft;
  private final List<Entry> entries = new ArrayList<>();

  private TextSource(Draft draft) {
    this.draft = draft;
  }

  /** Takes every variable that begins with {@code FULLBORE_}; others are not ours. */
  static void readEnvironment(Map<String, String> environment, Draft draft) {
    TextSource source = new TextSource(draft);
    List<String> known =
        Keys.dotted().stream().map(name -> Field.environmentName(name).replace('.', '_')).toList();
    for (Map.Entry<String, String> variable : environment.entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(PREFIX) || OF_OTHERS.contains(name)) {
        continue;
      }
      String own = name.substring(PREFIX.length());
      Optional<Keys.Key> key = Keys.ofEnvironment(own);
      String where = "environment variable " + name;
      if (key.isPresent()) {
        source.entries.add(new Entry(key.get(), variable.getValue(), where));
      } else {
        source.rejectName(where, "variable", suggestion(own, "_", known).map(PREFIX::concat));
      }
    }
    source.takeAll();
  }

  /** Takes {@code http.port} to {@code 9000} and the like. */
  static void readOverrides(Map<String, String> overrides, Draft draft) {
    TextSource source = new TextSource(draft);
    for (Map.Entry<String, String> override : overrides.entrySet()) {
      String name = override.getKey();
      Optional<Keys.Key> key = Keys.ofDotted(name);
      String where = "--set " + name;
      if (key.isPresent()) {
        source.entries.add(new Entry(key.get(), override.getValue(), where));
      } else {
        source.rejectName(where, "key", suggestion(name, ".", Keys.dotted()));
      }
    }
    source.takeAll();
  }

  /** Says nothing of the value: a misspelt name may carry a secret. */
  private void rejectName(String where, String what, Optional<String> suggestion) {
    String hint =
        suggestion
            .map("; did you mean \"%s\"?"::formatted)
            .orElse(", see the reference of the configuration");
    draft.rejectName(where, "unknown " + what + hint);
  }

  private static Optional<String> suggestion(String name, String separator, List<String> known) {
    String pattern = INDEX.matcher(name).replaceAll(separator + Keys.INDEX);
    return Spelling.closest(pattern, known)
        .or(() -> known.stream().filter(key -> key.endsWith(separator + pattern)).findFirst());
  }

  /** In the order of the list indexes, so that element 1 may follow an element 0 of this source. */
  private void takeAll() {
    entries.sort(Comparator.comparing(TextSource::sortKey));
    entries.forEach(this::take);
  }

  private void take(Entry entry) {
    for (Keys.Index index : entry.key().lists()) {
      int size = draft.listSize(index.listPath());
      if (index.index() == size) {
        draft.resize(index.listPath(), size + 1);
        draft.begin(index.path(), entry.source());
      } else if (index.index() > size && !draft.isWrong(index.listPath())) {
        draft.reject(
            index.path(),
            entry.source(),
            "found index %d, allowed: 0 to %d (list size=%d)".formatted(index.index(), size, size));
        return;
      }
    }
    String path = entry.key().path();
    entry
        .key()
        .type()
        .parse(entry.text())
        .ifPresentOrElse(
            value -> draft.set(path, value, entry.source()),
            () -> draft.rejectValue(path, entry.source(), shown(entry.text()), entry.key().type()));
  }

  private static String sortKey(Entry entry) {
    return NUMBER
        .matcher(entry.key().path())
        .replaceAll(number -> "%04d".formatted(Integer.parseInt(number.group())));
  }

  private static String shown(String text) {
    return '"' + (text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "…") + '"';
  }
}
