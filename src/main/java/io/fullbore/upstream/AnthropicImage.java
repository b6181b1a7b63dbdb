package io.fullbore.upstream;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/** An image as Anthropic's API takes it, made of the {@code image_url} of a part. */
final class AnthropicImage {
  private static final Set<String> MEDIA_TYPES =
      Set.of("image/jpeg", "image/png", "image/gif", "image/webp");

  private static final String DATA = "data:";
  private static final String BASE64 = ";base64,";

  private AnthropicImage() {}

  static ObjectNode block(RequestField image) {
    image.hasOnly(Set.of("url", "detail"));
    RequestField detail = image.field("detail");
    // Images are always read in full, so only a coarser reading is more than can be done.
    if (!detail.isAbsent() && !Set.of("auto", "high").contains(detail.text())) {
      throw detail.unsupportedValue("this model's API reads images in high detail only.");
    }
    ObjectNode block = JsonNodeFactory.instance.objectNode().put("type", "image");
    block.set("source", source(image.field("url")));
    return block;
  }

  private static ObjectNode source(RequestField url) {
    String text = url.text();
    ObjectNode source = JsonNodeFactory.instance.objectNode();
    if (text.startsWith("https://")) {
      return source.put("type", "url").put("url", text);
    }
    int comma = text.indexOf(BASE64);
    if (!text.startsWith(DATA) || comma < 0) {
      throw url.unsupportedValue("expected https://… or data:…;base64,….");
    }
    String mediaType = text.substring(DATA.length(), comma);
    if (!MEDIA_TYPES.contains(mediaType)) {
      throw url.unsupportedValue("expected JPEG, PNG, GIF or WebP.");
    }
    return source
        .put("type", "base64")
        .put("media_type", mediaType)
        .put("data", text.substring(comma + BASE64.length()));
  }
}
