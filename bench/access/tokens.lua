-- The same question again and again, with one token after the other from where the load before
-- ended; without any where none are named.
local requests, at = {}, tonumber(os.getenv("START"))

function init(_)
  local path = os.getenv("ASKED")
  local file = os.getenv("TOKENS")
  if not file then
    requests[1] = wrk.format("GET", path)
    return
  end
  for token in io.lines(file) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
