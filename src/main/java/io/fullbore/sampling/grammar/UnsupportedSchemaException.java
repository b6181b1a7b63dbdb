package io.fullbore.sampling.grammar;

/** A JSON schema holds a keyword that answers cannot be kept to. */
public final class UnsupportedSchemaException extends GrammarException {
  private static final long serialVersionUID = 1L;

  private final String keyword;
  private final String path;

  /**
   * @param path the place of the schema that holds the keyword, such as {@code $.properties.name}
   */
  public UnsupportedSchemaException(String keyword, String path, String why) {
    super("keyword '%s' at %s: %s".formatted(keyword, path, why));
    this.keyword = keyword;
    this.path = path;
  }

  public String keyword() {
    return keyword;
  }

  public String path() {
    return path;
  }
}
