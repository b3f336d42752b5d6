import Support
import Transport

/// What rank `from` sends rank `to` as its message number `number`: anyone can work it out.
private func letter(from: Int, to: Int, number: Int, count: Int) -> [UInt8] {
    var noise = Noise(from * 1_000_003 + to * 1009 + number)
    return noise.bytes(count)
}

/// Every rank sends every rank, itself included, messages of these sizes, in order.
private func everyoneToEveryone(_ ranks: any Communicator, sizes: [Int]) throws {
    var send: [Message] = []
    var receive: [Message] = []
    var alive: [Buffer<UInt8>] = []
    var arrived: [(peer: Int, number: Int, buffer: Buffer<UInt8>)] = []
    for peer in 0..<ranks.size {
        for (number, count) in sizes.enumerated() {
            let out = Buffer(letter(from: ranks.rank, to: peer, number: number, count: count))
            let place = Buffer<UInt8>(count: count)
            alive.append(out)
            arrived.append((peer, number, place))
            send.append(Message(peer: peer, bytes: out.bytes))
            receive.append(Message(peer: peer, bytes: place.bytes))
        }
    }
    try ranks.exchange(send: send, receive: receive)
    for (peer, number, buffer) in arrived {
        let expected = letter(from: peer, to: ranks.rank, number: number, count: buffer.count)
        guard buffer.array == expected else { throw Unequal(description: "message \(number) from rank \(peer) has other bytes") }
    }
    withExtendedLifetime(alive) {}
}

let exchangeChecks = [
    Check("exchange of mixed sizes, in order, also with oneself and empty") { ranks in
        try everyoneToEveryone(ranks, sizes: [0, 1, 7, 4096, 4097, 65536, 0, 300_000, 3])
    },
    Check("exchange of many small messages, many times") { ranks in
        for _ in 0..<50 { try everyoneToEveryone(ranks, sizes: Array(repeating: 5, count: 8)) }
    },
    Check("exchange of large messages") { ranks in
        try everyoneToEveryone(ranks, sizes: [3_000_001])
    },
    Check("exchange one way around a ring, with late ranks") { ranks in
        let right = (ranks.rank + 1) % ranks.size
        let left = (ranks.rank - 1 + ranks.size) % ranks.size
        let mine = Buffer<Int>([ranks.rank])
        let theirs = Buffer<Int>(count: 1)
        for round in 0..<3 {
            if ranks.rank == round % ranks.size { napMilliseconds(30) }
            try ranks.exchange(
                send: [Message(peer: right, bytes: mine.bytes)], receive: [Message(peer: left, bytes: theirs.bytes)])
            try expectEqual(theirs[0], left, "the left neighbour's number")
        }
    },
    Check("exchange of nothing") { ranks in try ranks.exchange(send: [], receive: []) },
]
