-- wrk script: spreads one kind of call over all tenants of the file that LOAD_TARGETS names.
-- Each line of the file: token, then ids of contacts, separated by spaces. LOAD_KIND: health, get, list, search or create.
-- LOAD_PART: a number that no other wrk of the same run has, so that what they create is no duplicate of one another.
local kind = os.getenv("LOAD_KIND")
local part = tonumber(os.getenv("LOAD_PART") or "0")
local targets = {}
local thread_count = 0

function setup(thread)
   thread:set("number", thread_count)
   thread_count = thread_count + 1
end

function init(args)
   number = number + 100 * part
   math.randomseed(os.time() + number * 7919)
   for line in io.lines(os.getenv("LOAD_TARGETS")) do
      local words = {}
      for word in line:gmatch("%S+") do words[#words + 1] = word end
      targets[#targets + 1] = words
   end
   created = 0
end

function request()
   if kind == "health" then return wrk.format("GET", "/healthz") end
   local words = targets[math.random(#targets)]
   local headers = { ["Authorization"] = "Bearer " .. words[1], ["Content-Type"] = "application/json" }
   if kind == "get" then
      return wrk.format("GET", "/v1/contacts/" .. words[math.random(2, #words)], headers)
   elseif kind == "list" then
      return wrk.format("GET", "/v1/contacts?limit=50", headers)
   elseif kind == "search" then
      local body = '{"where":{"field":"last_name","op":"starts","value":"Last' .. math.random(9) .. '"},"limit":10}'
      return wrk.format("POST", "/v1/contacts/search", headers, body)
   else
      created = created + 1
      local body = string.format('{"first_name":"Load","last_name":"Test %d-%d-%d","phone":"+49 30 %d %d %d"}', number, os.time(), created, number, os.time(), created)
      return wrk.format("POST", "/v1/contacts", headers, body)
   end
end

function done(summary, latency, requests)
   local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
   io.write(string.format('RESULT {"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "failed": %d}\n',
      summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
