package io.fullbore.sampling.grammar;

/**
 * The grammar of a regular expression, which the whole answer matches. See {@link RegexParser} for
 * what is understood.
 */
final class RegexGrammar {
  private RegexGrammar() {}

  static Grammar of(String pattern) {
    RuleSet rules = new RuleSet();
    int root = rules.declare("root");
    rules.define(root, RegexParser.parse(pattern, Spelling.PLAIN, false).expr());
    return new Grammar(rules, root);
  }
}
