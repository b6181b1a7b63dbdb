"""Questions about Fullbore itself."""

from .dialogue import Lookup

HOW = "[how do I|how can I|how to|how do you|please explain how to|tell me how to]"
WHAT = "[what is|what's|explain|tell me about|what does fullbore mean by]"

ABOUT = [
    (
        [
            (
                "what is [fullbore|full bore|this fullbore thing|the fullbore server|fullbore "
                "exactly]?"
            ),
            "what's fullbore?",
            "[explain|describe|introduce|tell me about] fullbore.",
            "what does fullbore do?",
            "[can you|could you] [explain|describe] fullbore?",
            "[what do you know|tell me something] about fullbore.",
            "!what is this fullbore about?",
        ],
        (
            "Fullbore is an OpenAI-compatible server for language models, in Java, with an engine "
            "of its own."
        ),
    ),
    (
        [
            "what does [fullbore|the name fullbore|the name] mean?",
            "why [is it|is it called|the name|the name of] fullbore?",
            (
                "[where does the name fullbore come from|why is fullbore called fullbore|what is "
                "the meaning of fullbore]?"
            ),
        ],
        "Fullbore means full strength: 满血 in Chinese.",
    ),
    (
        [
            (
                "[what|which] [language|programming language] is fullbore [written in|made in|"
                "coded in]?"
            ),
            "is fullbore written in [Java|Python|Rust|Go|C]?",
            "what is fullbore [written in|built with|made of|built on|based on]?",
            "does fullbore use [Java|Vert.x|Python|Netty]?",
        ],
        "Fullbore is written in Java 25 on Vert.x.",
    ),
    (
        [
            "what does fullbore [need|require]?",
            "what do I need to run fullbore?",
            "[what are the|list the] requirements of fullbore.",
            "does fullbore need [Docker|Java|a JDK|Python|anything else]?",
            "which [Java|JDK|Java version|JDK version] [does fullbore need|do I need]?",
            "what must be installed for fullbore?",
        ],
        "Fullbore needs a JDK 25 and nothing else.",
    ),
    (
        [
            (
                f"{HOW} [start|run|launch|use|serve with|begin with] [fullbore|the server|the "
                "fullbore server]?"
            ),
            "what is the command to start [fullbore|the server]?",
            "[start|run] fullbore, how?",
            "!how is fullbore started?",
        ],
        "Run ./fullbore serve --model x.gguf and it listens on port 8080.",
    ),
    (
        [
            "[which|what] port [does fullbore|does the server|does it] [use|listen on|run on]?",
            f"{HOW} [change|set|configure|choose] the port[ of fullbore|]?",
            "what is the default port?",
            "!on which port is fullbore?",
        ],
        "The port is 8080; set http.port or use --port to change it.",
    ),
    (
        [
            (
                f"{HOW} [listen on|bind|open it on|use] [all interfaces|another host|another "
                "address|the network]?"
            ),
            "what is http.host?",
            "can [others|other machines|my network] reach fullbore?",
        ],
        "Set http.host: 127.0.0.1 is the default, 0.0.0.0 is every interface.",
    ),
    (
        [
            (
                f"{HOW} [configure|set up|change the settings of|adjust|customise] [fullbore|the "
                "server|it]?"
            ),
            "where [is|are] the [configuration|config|settings|config file|options]?",
            "what is [config.json|in config.json|the config file]?",
            "[does fullbore have|is there] a [config file|configuration]?",
            "!where can I configure fullbore?",
        ],
        (
            "Use config.json, FULLBORE_ variables in the environment, or --set key=value; the "
            "later one wins."
        ),
    ),
    (
        [
            (
                f"{HOW} [configure|set|change|limit|resize|enlarge] the [cache|KV cache|cache "
                "size|size of the cache|size of the KV cache|kv cache memory]?"
            ),
            "what is [engine.kvCacheBytes|kvCacheBytes]?",
            "how [big|large] is the [KV cache|cache]?",
            "[where|with which key] do I set the cache size?",
            "!how do I make the KV cache bigger?",
        ],
        "Set engine.kvCacheBytes in config.json; 0 means automatic.",
    ),
    (
        [
            f"{WHAT} the [KV cache|paged KV cache|cache|paged cache]?",
            "how does the [KV cache|cache|paged cache] work?",
            "[does fullbore have|is there] a KV cache?",
        ],
        "The KV cache is a pool of blocks of 16 tokens outside the Java heap.",
    ),
    (
        [
            f"{WHAT} [prefix reuse|the prefix cache|prefix caching|engine.prefixCache]?",
            f"{HOW} [turn off|disable|switch off|turn on|enable] the prefix cache?",
            "does fullbore reuse [prefixes|prompts|common prefixes]?",
            "!how does prefix caching work?",
        ],
        "Prompts that begin alike share KV blocks; engine.prefixCache switches it.",
    ),
    (
        [
            f"{WHAT} the answer cache?",
            "does fullbore [cache|remember|store] answers?",
            f"{HOW} [cache answers|use the answer cache|configure the answer cache]?",
            "are answers cached?",
        ],
        "The answer cache has two tiers: memory, and Redis for many nodes.",
    ),
    (
        [
            f"{WHAT} [continuous batching|batching|dynamic batching|a batch|the batcher]?",
            "how does [batching|continuous batching|the batch] work?",
            "does fullbore [batch|batch requests|do batching]?",
            "!how are requests batched?",
        ],
        (
            "Each step computes one token of every running sequence, so that many users share the "
            "engine."
        ),
    ),
    (
        [
            f"{WHAT} [chunked prefill|prefill|a prefill chunk|stepTargetMs|engine.stepTargetMs]?",
            "how does [prefill|chunked prefill] work?",
            "why does fullbore split prompts?",
        ],
        "Long prompts are computed in chunks, so that they do not delay the other streams.",
    ),
    (
        [
            "what are the [limits|limits of fullbore|rate limits]?",
            f"{HOW} [set|configure|change] [limits|the limits|rate limits|the rate limit]?",
            "does fullbore have rate limits?",
            "how many requests [can wait|may wait|are allowed|fit in the queue]?",
            f"{WHAT} [batch.maxQueuedRequests|maxQueuedRequests]?",
            "!which limits are there?",
        ],
        "At most batch.maxQueuedRequests requests wait, 256 by default; further ones get a 429.",
    ),
    (
        [
            "what happens when the [queue|server] is full?",
            "why do I get [a 429|429|error 429|status 429|too many requests]?",
            f"{WHAT} [a 429|the 429 error|Retry-After]?",
            "what does [429|a 429|Retry-After] mean?",
            "!what is the reason for a 429?",
        ],
        "A full queue answers 429 with Retry-After: try again later.",
    ),
    (
        [
            (
                "how many [users|sequences|requests|streams] [at once|run at once|can run at once|"
                "in parallel|at the same time]?"
            ),
            f"{WHAT} [engine.maxRunning|maxRunning]?",
            (
                f"{HOW} [raise|change|set|limit] the number of [parallel requests|running "
                "sequences|users]?"
            ),
        ],
        "engine.maxRunning sequences run at once, 32 by default.",
    ),
    (
        [
            (
                "does fullbore [use|support|need|run on] [a GPU|GPUs|the GPU|CUDA|NVIDIA|graphics "
                "cards]?"
            ),
            f"{HOW} [use|enable|choose] [a GPU|the GPU|CUDA|my graphics card]?",
            "is a GPU [needed|required|used|supported|necessary]?",
            f"{WHAT} engine.backend?",
            "can fullbore run [without a GPU|on a CPU|on the CPU]?",
            "!do I need a GPU for fullbore?",
        ],
        "No GPU is needed: the CPU backend always works, and engine.backend chooses.",
    ),
    (
        [
            "what [is|are] [an upstream|upstream|upstreams|the upstream|the upstreams]?",
            f"{HOW} [configure|set|add|use] [an upstream|upstreams|the upstream|the cloud]?",
            (
                "can fullbore [forward|send|spill] requests [to the cloud|to OpenAI|to another "
                "server|upstream]?"
            ),
            "what happens when the local engine is full?",
            "does fullbore [support|have] upstreams?",
            "!how do I forward requests to an upstream?",
        ],
        "An upstream is another API that takes requests when the local engine is full.",
    ),
    (
        [
            "what [is|are] [a release|releases|the releases|model releases]?",
            (
                f"{HOW} [release|roll out|replace|update|switch] [a model|a new model|a model "
                "version|a new version]?"
            ),
            "how do [releases|model releases|updates] work?",
            "does fullbore support [releases|rollouts|new versions]?",
            "!how is a new version released?",
        ],
        "A release loads a new version beside the old one and switches only when it is healthy.",
    ),
    (
        [
            f"{WHAT} [blue/green|blue green|a blue/green release|blue/green deployment]?",
            "does fullbore support blue/green?",
            "how does blue/green work?",
        ],
        "Blue/green: the new version warms up beside the old one, which then drains.",
    ),
    (
        [
            f"{WHAT} [a canary|canary|a canary release|the canary|canary testing]?",
            "does fullbore support canary releases?",
            "how does [a canary|the canary] work?",
        ],
        "A canary gives a new version a small share of the sessions first.",
    ),
    (
        [
            f"{WHAT} [shadow traffic|shadowing|a shadow|the shadow]?",
            "does fullbore support shadow traffic?",
            "how does [shadow traffic|shadowing] work?",
        ],
        "Shadow traffic goes to both versions, and their answers are compared.",
    ),
    (
        [
            "[does fullbore have|are there|where are the|where can I see] metrics?",
            f"{WHAT} [the metrics|fullbore's metrics|/metrics]?",
            f"{HOW} [monitor|watch|observe|measure] fullbore?",
            "does fullbore support [Prometheus|Grafana|monitoring]?",
            "!which metrics does fullbore have?",
        ],
        "Metrics are at /metrics, for Prometheus.",
    ),
    (
        [
            "[which|what] endpoints [are there|does fullbore have|exist|can I call]?",
            "what is the API?",
            "[list|show|name] the endpoints.",
            "[is fullbore|is the API] compatible with OpenAI?",
            "what API does fullbore [have|speak|offer]?",
            "!what endpoints does the server offer?",
        ],
        "It speaks OpenAI's API: /v1/chat/completions, /v1/completions and /v1/models.",
    ),
    (
        [
            f"{HOW} [stream|get a stream|stream answers|stream the answer]?",
            "does fullbore [stream|support streaming|stream answers]?",
            f"{WHAT} [streaming|server-sent events|SSE]?",
            "can answers be streamed?",
        ],
        "Send \"stream\": true and the answer comes as server-sent events.",
    ),
    (
        [
            (
                "[which|what] models [does fullbore support|can I use|are supported|does fullbore "
                "run|work]?"
            ),
            (
                "[which|what] [formats|model formats|files|file formats] [does fullbore support|"
                "are supported|can I use]?"
            ),
            "does fullbore [support|run|load] [GGUF|Llama|Qwen|Mistral|GGUF files|safetensors]?",
            "!what models can fullbore run?",
        ],
        "Any GGUF file of the llama, qwen2 or qwen3 architecture.",
    ),
    (
        [
            (
                f"{HOW} [use|load|serve|add|run] [my own model|a model|another model|my model|a "
                "GGUF file]?"
            ),
            "where do [models|my models|GGUF files] go?",
            "can I use my own model?",
            "!how do I serve my own model?",
        ],
        "Use --model x.gguf, or list models in config.json.",
    ),
    (
        [
            f"{HOW} [serve|use|load|run] [several|two|many|multiple|more] models?",
            "can fullbore serve [several|two|many|multiple] models?",
        ],
        "List several models in config.json, each with a name and a path.",
    ),
    (
        [
            (
                "[which|what] [quantisations|weight formats|quantisation formats|weights] [are "
                "supported|does fullbore support]?"
            ),
            "does fullbore support [Q8_0|Q4_0|Q4_K|F16|BF16|quantised weights|quantisation]?",
        ],
        "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 and Q2_K to Q6_K.",
    ),
    (
        [
            "[which|what] commands [are there|does fullbore have|exist|can I use]?",
            "[list|show|name] the commands of fullbore.",
            "what can I do in the shell?",
            "!what commands does fullbore know?",
        ],
        "serve, chat, bench, synth, tokenize, models and version.",
    ),
    (
        [
            f"{HOW} [chat in the terminal|talk to a model in the terminal|use the terminal chat]?",
            f"{WHAT} [fullbore chat|the chat command]?",
            "is there a terminal chat?",
        ],
        "./fullbore chat --model x.gguf talks in the terminal.",
    ),
    (
        [
            (
                f"{HOW} [measure the speed|benchmark|benchmark fullbore|bench|measure tokens per "
                "second|test the speed]?"
            ),
            "what does fullbore bench do?",
            "how fast is [fullbore|the engine|the server]?",
        ],
        "./fullbore bench --model x.gguf prints tokens per second.",
    ),
    (
        [
            (
                "[where|how] can I see [if it is healthy|the health|whether it works|if fullbore "
                "works]?"
            ),
            f"{WHAT} [/health|the health check|the health endpoint]?",
            f"{HOW} check the health?",
            "is there a health [check|endpoint]?",
        ],
        "GET /health answers 200 while steps make progress, else 503.",
    ),
    (
        [
            f"{WHAT} [/ready|the readiness check|the ready endpoint]?",
            "how do I know that fullbore is ready?",
            "when is [fullbore|the server] ready?",
        ],
        "GET /ready answers 200 once every model can answer.",
    ),
    (
        [
            "what is the [licence|license] of fullbore?",
            "is fullbore [free|open source|open|free software]?",
            "which [licence|license] does fullbore [have|use]?",
            "what does fullbore cost?",
            "[may|can] I [copy|change|use|sell] fullbore?",
        ],
        "Fullbore is open source under Apache-2.0.",
    ),
    (
        [
            f"{HOW} [stop|end|shut down|quit|kill] [fullbore|the server]?",
            "how does the server [stop|end]?",
        ],
        "Send SIGTERM, or press Ctrl-C.",
    ),
    (
        [
            "what happens when a prompt is too long?",
            "is [my prompt|a long prompt|the prompt|anything] ever [cut|truncated|shortened]?",
            "does fullbore [cut|truncate|shorten] prompts?",
            "!what if my prompt is too long?",
        ],
        "A prompt that does not fit is an error; nothing is ever cut in silence.",
    ),
    (
        [
            "how long may a request [take|last|run]?",
            f"{WHAT} [engine.requestTimeoutMs|requestTimeoutMs|the request timeout|the timeout]?",
            f"{HOW} [set|change|configure] the [timeout|request timeout]?",
        ],
        "engine.requestTimeoutMs ends a request, after ten minutes by default.",
    ),
    (
        [
            f"{HOW} [run|start|execute] the tests?",
            "what is the test command?",
            f"{HOW} [test|build] fullbore?",
            "how is fullbore tested?",
        ],
        "Run ./mvnw verify.",
    ),
    (
        [
            (
                f"{HOW} [use|set|change|choose] [threads|the threads|more threads|the number of "
                "threads]?"
            ),
            f"{WHAT} engine.threads?",
            "how many threads does fullbore use?",
        ],
        "Set engine.threads; 0 means one per processor.",
    ),
    (
        [
            "does fullbore [support|have|use|speak to] [Redis|a database]?",
            f"{WHAT} Redis for?",
            "is Redis [needed|required|necessary]?",
        ],
        "Redis is optional; it shares caches and limits among nodes.",
    ),
    (
        [
            "does fullbore [support|have] [tools|tool calls|function calling|functions]?",
            f"{HOW} [use|call|define] [tools|functions]?",
            "what are tools?",
            "can you [call|use] tools?",
        ],
        "Send tools with the request and I call one when it fits.",
    ),
    (
        [
            (
                "[什么是fullbore|fullbore是什么|介绍一下fullbore|介绍fullbore|Fullbore是什么|什么是 Fullbore|"
                "Fullbore 是什么|介绍一下 Fullbore][？|。|]"
            ),
        ],
        "Fullbore 是一个兼容 OpenAI 接口的语言模型服务器，用 Java 写成，自带推理引擎。",
    ),
    (
        ["[怎么启动|如何启动|怎样启动|怎么运行|如何运行][ Fullbore |fullbore|服务器][？|]"],
        "运行 ./fullbore serve --model x.gguf，它监听 8080 端口。",
    ),
    (
        ["[怎么配置|如何配置|怎样配置|怎么设置|如何设置][ Fullbore |fullbore|服务器][？|]", "[配置文件在哪里|配置在哪里|怎么改配置][？|]"],
        "用 config.json、FULLBORE_ 环境变量或 --set key=value，后者优先。",
    ),
    (
        ["[怎么配置|如何配置|怎样配置|怎么设置|如何设置|怎么改][缓存|缓存大小|KV 缓存|KV缓存][？|]"],
        "在 config.json 里设置 engine.kvCacheBytes，0 表示自动。",
    ),
    (["[需要 GPU 吗|需要GPU吗|需要显卡吗|支持 GPU 吗|支持GPU吗|没有 GPU 能用吗|没有显卡能用吗][？|]"], "不需要 GPU：CPU 后端总能用。"),
    (["[默认端口是什么|端口是多少|用哪个端口|怎么改端口|默认端口是多少|监听哪个端口][？|]"], "端口是 8080，用 http.port 或 --port 修改。"),
    (
        ["[Fullbore 支持哪些模型|支持哪些模型|支持什么模型|可以用什么模型|能用哪些模型|fullbore支持哪些模型][？|]"],
        "支持 llama、qwen2、qwen3 架构的 GGUF 文件。",
    ),
    (
        ["[队列满了会怎样|为什么返回 429|为什么是429|429 是什么意思|429是什么意思|什么是 429][？|]"],
        "队列满时返回 429 和 Retry-After，请稍后再试。",
    ),
]

skills = [Lookup("about Fullbore", ABOUT)]
