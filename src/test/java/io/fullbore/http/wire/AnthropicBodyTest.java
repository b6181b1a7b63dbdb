package io.fullbore.http.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a request of Anthropic's API. */
class AnthropicBodyTest {
  private static JsonNode chat(String more, boolean local) {
    String body = "{\"model\":\"m\",\"max_tokens\":9,%s}".formatted(more);
    return AnthropicBody.chat(JsonValue.parse(Buffer.buffer(body)), local);
  }

  private static void assertChat(String expected, String more, boolean local) {
    JsonNode wanted =
        JsonText.tree(
            "{\"max_completion_tokens\":9,\"model\":\"m\",%s}"
                .formatted(expected.replace('\'', '"')));
    assertEquals(wanted.toString(), chat(more.replace('\'', '"'), local).toString());
  }

  @Test
  void callsAndResultsOfToolsBecomeMessages() {
    String turns =
        """
        'messages':[
          {'role':'user','content':'a'},
          {'role':'assistant','content':[
            {'type':'thinking','thinking':'hm','signature':'s'},
            {'type':'redacted_thinking','data':'x'},
            {'type':'text','text':'b'},
            {'type':'tool_use','id':'t1','name':'f','input':{'x':1},'cache_control':{}}]},
          {'role':'user','content':[
            {'type':'tool_result','tool_use_id':'t1','is_error':true,
             'content':[{'type':'text','text':'c'}]},
            {'type':'tool_result','tool_use_id':'t2'},
            {'type':'text','text':'d'}]}]
        """;
    String thoughts = ",'reasoning_content':'hm'";
    String messages =
        """
        'messages':[
          {'role':'user','content':'a'},
          {'role':'assistant','content':[{'type':'text','text':'b'}],
           'tool_calls':[{'id':'t1','type':'function',
             'function':{'name':'f','arguments':'{\\"x\\":1}'}}]%s},
          {'role':'tool','tool_call_id':'t1','content':[{'type':'text','text':'c'}]},
          {'role':'tool','tool_call_id':'t2','content':''},
          {'role':'user','content':[{'type':'text','text':'d'}]}]
        """;
    assertChat(messages.formatted(thoughts), turns, true);
    assertChat(messages.formatted(""), turns, false);
  }

  @Test
  void imagesGoToOthers() {
    assertChat(
        """
        'messages':[{'role':'user','content':[
          {'type':'image_url','image_url':{'url':'data:image/png;base64,AA=='}},
          {'type':'image_url','image_url':{'url':'https://x'}}]}]
        """,
        """
        'messages':[{'role':'user','content':[
          {'type':'image','source':{'type':'base64','media_type':'image/png','data':'AA=='}},
          {'type':'image','source':{'type':'url','url':'https://x'}}]}]
        """,
        false);
  }

  @Test
  void toolsAndTheirChoiceBecomeFunctions() {
    assertChat(
        """
        'messages':[{'role':'user','content':'a'}],
        'tools':[{'type':'function','function':{
          'name':'f','description':'d','parameters':{'type':'object'}}}],
        'tool_choice':{'type':'function','function':{'name':'f'}},'parallel_tool_calls':false
        """,
        """
        'messages':[{'role':'user','content':'a'}],
        'tools':[{'name':'f','description':'d','input_schema':{'type':'object'},
          'cache_control':{'type':'ephemeral'}}],
        'tool_choice':{'type':'tool','name':'f','disable_parallel_tool_use':true}
        """,
        true);
    for (String[] choice :
        new String[][] {{"any", "required"}, {"auto", "auto"}, {"none", "none"}}) {
      JsonNode chat =
          chat(
              "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tool_choice\":{\"type\":\"%s\"}"
                  .formatted(choice[0]),
              true);
      assertEquals(choice[1], chat.path("tool_choice").asText());
    }
  }

  @Test
  void parametersKeepTheirMeaning() {
    assertChat(
        """
        'messages':[{'role':'system','content':'s'},{'role':'user','content':'a'}],
        'temperature':0.5,'top_p':0.9,'top_k':3,'stop':['x'],
        'stream':true,'stream_options':{'include_usage':true},'user':'ada',
        'thinking':{'type':'enabled','budget_tokens':2000},'reasoning_effort':'low',
        'response_format':{'type':'json_schema','json_schema':{
          'name':'answer','strict':true,'schema':{'type':'object'}}}
        """,
        """
        'system':'s','messages':[{'role':'user','content':'a'}],
        'temperature':0.5,'top_p':0.9,'top_k':3,'stop_sequences':['x'],'stream':true,
        'metadata':{'user_id':'ada'},'service_tier':'auto','cache_control':{'type':'ephemeral'},
        'thinking':{'type':'enabled','budget_tokens':2000},
        'output_config':{'effort':'low','format':{'type':'json_schema','schema':{'type':'object'}}}
        """,
        false);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'messages':3",
        "'messages':[3]",
        "'messages':[{'role':'user'}]",
        "'messages':[{'role':'user','content':3}]",
        "'messages':[{'role':'user','content':[{'type':'document','source':{}}]}]",
        "'messages':[{'role':'user','content':[{'type':'image','source':{'type':'file'}}]}]",
        "'messages':[{'role':'user','content':[{'type':'tool_result'}]}]",
        "'messages':[{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f'}]}]",
        "'messages':[{'role':'assistant','content':[{'type':'image'}]}]",
        "'system':3,'messages':[{'role':'user','content':'a'}]",
        "'system':[{'type':'image'}],'messages':[{'role':'user','content':'a'}]",
        "'messages':[{'role':'user','content':'a'}],'tools':[{'name':'f'}]",
        "'messages':[{'role':'user','content':'a'}],'tool_choice':'auto'",
        "'messages':[{'role':'user','content':'a'}],'thinking':{'type':'maybe'}",
        "'messages':[{'role':'user','content':'a'}],'output_config':{'format':{'type':'x'}}",
      })
  void whatIsWrongIsRefusedByName(String more) {
    for (boolean local : new boolean[] {true, false}) {
      InvalidRequestException e =
          assertThrows(
              InvalidRequestException.class, () -> chat(more.replace('\'', '"'), local), more);
      assertTrue(e.failure().param() != null, e.failure().message());
    }
  }
}
