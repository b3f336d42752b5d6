import Foundation
import Transport

/// Chunks that all ranks score together, each rank for its own labels; rank 0 reads, merges and writes.
struct PredictionPanel {
    let world: any Communicator
    let scoring: ChunkScoring

    /// Scores chunks with the others until rank 0 says that there are no more.
    func serve() throws {
        while true {
            let bytes = try world.broadcastBytes(nil)
            if bytes.isEmpty { return }
            try scoring.scoreAlong(DocumentChunk(bytes: bytes))
        }
    }

    /// Rank 0's part: calls `take` with each chunk's predictions, in order.
    ///
    /// - Throws: what reading, scoring or `take` throws.
    func run(_ source: inout any DocumentSource, limit: Int, _ take: (ScoredChunk) throws -> Void) throws {
        while let chunk = try source.next(limit) {
            let features = try scoring.withFeatures(chunk)
            _ = try world.broadcastBytes(features.bytes)
            try take(scoring.score(features))
        }
        _ = try world.broadcastBytes([])
    }
}
