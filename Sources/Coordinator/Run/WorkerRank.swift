import Diagnostics
import Foundation
import Transport
import Worker
import XCData

/// Ranks 1 … n−1: wait for the plan, then work in their group, or end where none needs them.
public enum WorkerRank {
    /// - Returns: the exit code that the coordinator gave where the run ended before it began.
    public static func run(world: any Communicator, ranks: Int, options: TrainOptions, stop: StopFlag) throws -> Int32? {
        try NodeCensus.take(world, ranks: ranks)
        let bytes = try world.broadcastBytes(nil)
        let assignment = try JSONDecoder().decode(Assignment.self, from: Data(bytes))
        if let code = assignment.exitCode { return code }
        let index = assignment.group(of: world.rank)
        guard let group = try world.split(color: index, key: world.rank), let index else { return nil }
        let data = try XCDataset.map(cacheFile: assignment.cacheFile)
        let dims = options.config.global.embeddingDims
        let embeddings = try assignment.embeddings.mapValues {
            try NPY.readFloatMatrix(path: $0, rows: data.vocabularySize, cols: dims)
        }
        let settings = RunSettings(options: options, data: data, embeddings: embeddings) { seed in
            options.identity(seed: seed, data: data, embeddingsFingerprint: assignment.embeddingsFingerprint)
        }
        try WorkerMain(
            world: world, group: group, groupIndex: index, threads: assignment.threads[world.rank], settings: settings, stop: stop
        ).run()
        return nil
    }
}
