-- Asks the bridge about a request: sets the identity headers, or the answer for the browser.
--
-- txn.bridge_status    200 goes on to the app; anything else does not
-- txn.bridge_location  where a page is sent to sign in

local bridge = os.getenv("BRIDGE")
local identity = {
  "x-bridge-identity", "x-bridge-user", "x-bridge-name", "x-bridge-realm",
  "x-bridge-roles", "x-bridge-posts", "x-bridge-acr", "remote-user",
}
local told = { "cookie", "accept", "accept-language", "sec-fetch-mode", "sec-fetch-dest" }

local function question(txn)
  local sent = txn.http:req_get_headers()
  local asked = {
    ["x-original-method"] = { txn.f:method() },
    ["x-original-url"] = {
      (txn.f:ssl_fc() == 1 and "https" or "http") .. "://" .. txn.sf:req_hdr("host") .. txn.sf:pathq(),
    },
  }
  for _, name in ipairs(told) do
    local values = {}
    for _, value in pairs(sent[name] or {}) do values[#values + 1] = value end
    if #values > 0 then asked[name] = { table.concat(values, name == "cookie" and "; " or ", ") } end
  end
  return asked
end

core.register_action("bridge_check", { "http-req" }, function(txn)
  local answer = core.httpclient():get({
    url = bridge .. "/forward-auth/haproxy", headers = question(txn), timeout = 5000,
  })
  local status = answer and answer.status or 0
  local headers = answer and answer.headers or {}
  for _, name in ipairs(identity) do
    txn.http:req_del_header(name)
    local value = headers[name] and headers[name][0]
    if status == 200 and value and value ~= "" then txn.http:req_set_header(name, value) end
  end
  txn:set_var("txn.bridge_status", status)
  if status == 401 and headers.location then
    txn:set_var("txn.bridge_location", headers.location[0])
  end
end, 0)
