package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The grammar of a list of texts, one of which the answer is. */
final class ChoiceGrammar {
  private ChoiceGrammar() {}

  /**
   * @param source a JSON array of strings
   */
  static Grammar of(String source) {
    JsonNode texts = JsonText.parse(source);
    List<Expr> alternatives = new ArrayList<>();
    for (JsonNode text : texts) {
      if (!text.isTextual() || text.textValue().isEmpty()) {
        throw new GrammarException("every choice must be a string that is not empty");
      }
      alternatives.add(Expr.literal(text.textValue()));
    }
    if (!texts.isArray() || alternatives.isEmpty()) {
      throw new GrammarException("there must be at least one choice");
    }
    RuleSet rules = new RuleSet();
    int root = rules.declare("root");
    rules.define(root, Expr.choice(alternatives));
    return new Grammar(rules, root);
  }
}
