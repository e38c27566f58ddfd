module example.com/bridgetoken

go 1.22
