-- Script for wrk: sends the requests of the file named by REQUESTS in a loop.
-- Each line has method, path, cookie, CSRF token and body, separated by tabs.
local requests = {}
local last = 0

function init()
	for line in io.lines(os.getenv('REQUESTS')) do
		local method, path, cookie, csrf, body = line:match('^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$')
		local headers = { ['Host'] = '127.0.0.1', ['Cookie'] = 'locking_session=' .. cookie, ['X-CSRF-Token'] = csrf }
		if body ~= '' then
			headers['Content-Type'] = 'application/json'
		end
		requests[#requests + 1] = wrk.format(method, path, headers, body)
	end
end

function request()
	last = last % #requests + 1
	return requests[last]
end
