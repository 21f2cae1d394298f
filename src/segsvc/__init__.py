"""segsvc: exact customer segments over gRPC.

The folders, from the top: `cli` talks to people; `server` puts everything together;
`rpc` is the wire, `client` the other end of it, `demo` makes believable data; `engine` holds the
two paths, `engine.write` and `engine.read`; `segment` keeps saved conditions; `plan` runs
conditions over an `index`; `storage` keeps what must survive; `condition` is what users mean;
`bitmap` and `domain` are the words everything else is written in.
"""
