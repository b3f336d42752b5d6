import Foundation
import Messages
import Transport

/// Chunks dealt out to ranks that each hold the whole model, and their predictions put back in order.
///
/// Rank 0 reads, deals and writes, and scores chunks itself while all others are busy. What a chunk's predictions are does
/// not depend on who makes them.
struct PredictionFarm {
    let world: any Communicator
    let scoring: ChunkScoring

    private enum Tag {
        static let chunk = 21
        static let result = 22
    }
    /// Chunks that a rank has been sent and has not sent back: one to work on, one to go on with.
    private static let ahead = 2
    /// Fewer documents are scored where they are: a message would take as long.
    private static let leastDocuments = 64

    /// Works off chunks until rank 0 says that there are no more.
    func serve() throws {
        while true {
            guard let (_, bytes) = try world.poll(from: 0, tag: Tag.chunk) else {
                usleep(200)
                continue
            }
            if bytes.isEmpty { return }
            do {
                let scored = try scoring.score(DocumentChunk(bytes: bytes))
                try world.post([0] + scored.bytes, to: 0, tag: Tag.result)
            } catch {
                let failure = RankFailure(error, rank: world.rank, host: world.host)
                try world.post([1] + Array(JSONEncoder().encode(failure)), to: 0, tag: Tag.result)
            }
        }
    }

    /// Rank 0's part: calls `take` with each chunk's predictions, in order.
    ///
    /// - Throws: what reading, scoring or `take` throws; a `RankFailure` where another rank failed.
    func run(_ source: inout any DocumentSource, limit: Int, _ take: (ScoredChunk) throws -> Void) throws {
        var load = [Int](repeating: 0, count: world.size)
        var waiting: [Int: ScoredChunk] = [:], next = 0, isAtEnd = false
        func keep(_ chunk: ScoredChunk) throws {
            waiting[chunk.first] = chunk
            while let ready = waiting.removeValue(forKey: next) {
                try take(ready)
                next += ready.documents
            }
        }
        while true {
            while let (rank, scored) = try received() {
                load[rank] -= 1
                try keep(scored)
            }
            let isIdle = load.allSatisfy { $0 == 0 }
            if isAtEnd, isIdle { break }
            // A slow rank must not make the others' predictions pile up.
            guard !isAtEnd, waiting.count < 4 * world.size, isIdle || source.isReady else {
                usleep(200)
                continue
            }
            guard let chunk = try source.next(limit) else {
                isAtEnd = true
                continue
            }
            let free = (1..<world.size).filter { load[$0] < Self.ahead }.min { load[$0] < load[$1] }
            if let free, chunk.documents >= Self.leastDocuments {
                try world.post(chunk.bytes, to: free, tag: Tag.chunk)
                load[free] += 1
            } else {
                try keep(scoring.score(chunk))
            }
        }
        for rank in 1..<world.size { try world.post([], to: rank, tag: Tag.chunk) }
    }

    private func received() throws -> (rank: Int, chunk: ScoredChunk)? {
        guard let (rank, bytes) = try world.poll(from: nil, tag: Tag.result) else { return nil }
        if bytes.first == 1 { throw try JSONDecoder().decode(RankFailure.self, from: Data(bytes.dropFirst())) }
        return (rank, ScoredChunk(bytes: Array(bytes.dropFirst())))
    }
}
