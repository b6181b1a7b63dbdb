-- wrk script: chat completions of one prompt of about 500 bytes, at temperature 0.
-- Environment: MODEL (fullbore-demo), STREAM (true|false), PROMPTS: how many different prompts (1).
local model = os.getenv("MODEL") or "fullbore-demo"
local stream = os.getenv("STREAM") or "false"
local prompts = tonumber(os.getenv("PROMPTS") or "1")
local filler = string.rep("tell me why the answer comes so late today, ", 11)
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("KEY") or "none")
if os.getenv("PROVIDER_URL") then -- a gateway that is told where to forward
  wrk.headers["x-portkey-provider"] = "openai"
  wrk.headers["x-portkey-custom-host"] = os.getenv("PROVIDER_URL")
end

local function body(number)
  return string.format(
    '{"model":"%s","stream":%s,"temperature":0,"messages":[{"role":"user","content":"%s%04d"}]}',
    model, stream, filler, number)
end

wrk.body = body(0)

if prompts > 1 then
  function request()
    count = count + 1
    return wrk.format(nil, nil, nil, body(count % prompts))
  end
end

function done(summary, latency)
  io.write(string.format(
    'JSON {"requests":%d,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.connect + summary.errors.timeout))
end
