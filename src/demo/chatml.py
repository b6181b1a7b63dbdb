"""How dialogues become text: the template in the model file, and the same thing in Python."""

import json

START, END, TEXT_END = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
SPECIAL = (TEXT_END, START, END)

TEMPLATE = """\
{%- set first = messages[0].content if messages[0].role in ['system', 'developer'] else '' -%}
{%- if tools -%}
{{- '<|im_start|>system\\n' -}}
{%- if first -%}{{- first + '\\n\\n' -}}{%- endif -%}
{{- 'You can call these tools:\\n<tools>\\n' -}}
{%- for tool in tools -%}{{- tool | tojson -}}{{- '\\n' -}}{%- endfor -%}
{{- '</tools><|im_end|>\\n' -}}
{%- elif first -%}
{{- '<|im_start|>system\\n' + first + '<|im_end|>\\n' -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'tool' -%}
{{- '<|im_start|>user\\n<tool_response>\\n' + message.content -}}
{{- '\\n</tool_response><|im_end|>\\n' -}}
{%- elif message.role == 'assistant' -%}
{{- '<|im_start|>assistant\\n' + (message.content or '') -}}
{%- for call in message.tool_calls or [] -%}
{%- if message.content or not loop.first -%}{{- '\\n' -}}{%- endif -%}
{{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' -}}
{%- if call.function.arguments is string -%}
{{- call.function.arguments -}}
{%- else -%}
{{- call.function.arguments | tojson -}}
{%- endif -%}
{{- '}\\n</tool_call>' -}}
{%- endfor -%}
{{- '<|im_end|>\\n' -}}
{%- elif not loop.first or message.role not in ['system', 'developer'] -%}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""


def spans(messages, tools):
    """The text as (text, learnt) spans, special tokens apart; learnt is what the model says."""
    first = messages[0]["content"] if messages[0]["role"] == "system" else ""
    if tools:
        listed = "".join(json.dumps(tool, ensure_ascii=False) + "\n" for tool in tools)
        first += "\n\n" if first else ""
        first += f"You can call these tools:\n<tools>\n{listed}</tools>"
    if first:
        yield from turn("system", first)
    for message in messages:
        role, content = message["role"], message["content"]
        if role == "tool":
            yield from turn("user", f"<tool_response>\n{content}\n</tool_response>")
        elif role == "user":
            yield from turn("user", content)
        elif role == "assistant":
            calls = [call_text(call["function"]) for call in message.get("tool_calls", ())]
            said = "\n".join(([content] if content else []) + calls)
            yield START, False
            yield "assistant\n", False
            yield said, True
            yield END, True
            yield "\n", False


def turn(role, content):
    yield START, False
    yield f"{role}\n{content}", False
    yield END, False
    yield "\n", False


def call_text(function):
    name, arguments = function["name"], function["arguments"]
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'
