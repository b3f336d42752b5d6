import Formats
import Foundation
import Learners
import Messages
import Support
import Training
import Transport

/// `predict`: a trained learner or ensemble on documents from a file or a stream.
public struct PredictionJob: Sendable {
    public enum Input: Sendable, Equatable {
        /// A file of features of any format; `-`: rows of XC text without a header, from standard input, scored as they come.
        case features(String)
        /// Raw text, one document a line; `-`: standard input.
        case text(String)

        var path: String {
            switch self {
            case .features(let path), .text(let path): path
            }
        }

        /// As messages name it.
        var place: String { self == .text("-") ? "standard input" : path }
    }

    /// A learner's or an ensemble's folder.
    public var model: String
    public var input: Input
    /// `-`: standard output.
    public var output = "-"
    /// nil: as the output's name says, else JSON lines.
    public var format: PredictionFormat?
    /// Labels a document; nil: as many as the model's config keeps.
    public var topK: Int?
    /// Labels that score less are left out; nil: none is.
    public var threshold: Double?
    /// nil: the config's.
    public var beta: Double?
    /// Of each rank.
    public var threads = 1
    /// What the ranks compute on.
    public var device = DeviceRequest.auto
    /// Matrix products on tensor cores, of numbers rounded to bfloat16, where a rank's device has them.
    public var fastMath = false
    /// Documents scored at a time.
    public var chunk = 4096
    /// Each rank holds a run of the labels, and all score every document; else each holds the model, and they share the documents.
    /// nil: where the model is larger than a node's memory.
    public var shardsLabels: Bool?
    /// A model is laid out in a file for all ranks to map, where there is none yet.
    public var makesFiles = true
    /// Is told in a sentence what else is to be known, at rank 0.
    public var notice: @Sendable (String) -> Void = { _ in }

    public init(model: String, input: Input) {
        self.model = model.count > 1 && model.hasSuffix("/") ? String(model.dropLast()) : model
        self.input = input
    }

    /// - Throws: `Failure` where a matrix is to go to standard output, or the output's name is that of a format we do not write.
    public func outputFormat() throws -> PredictionFormat {
        let format = try format ?? formatByName()
        guard output != "-" || format == .text || format == .jsonl else {
            throw Failure(
                .usage, "a matrix needs a file", at: "--format \(format.rawValue)", found: "standard output",
                expected: "--to FILE", advice: "or give --format jsonl or text")
        }
        return format
    }

    private func formatByName() throws -> PredictionFormat {
        // Numbers of pipes and devices are no extensions.
        if output == "-" || !isFile(output) && FileManager.default.fileExists(atPath: output) { return .jsonl }
        switch (output as NSString).pathExtension.lowercased() {
        case "npz": return .npz
        case "h5", "hdf5": return .h5
        case "txt": return .text
        case "", "json", "jsonl", "ndjson": return .jsonl
        case let other:
            throw Failure(
                .usage, "the file's extension names no format of predictions", at: "--to \(output)", found: ".\(other)",
                expected: "a name that ends in .npz, .h5, .txt or .jsonl",
                advice: "name the format: --format \(PredictionFormat.allCases.map(\.rawValue).joined(separator: "|"))")
        }
    }

    /// Predicts alone, in this process.
    public func run() throws -> PredictionSummary {
        do {
            guard let summary = try run(over: ThreadCommunicator.group(size: 1)[0]) else {
                preconditionFailure("the only rank is rank 0")
            }
            return summary
        } catch let ended as EndedTogether {
            throw ended.own
        }
    }

    /// Predicts with all ranks of `world`, which all call this.
    ///
    /// - Returns: nil on ranks other than 0.
    /// - Throws: `EndedTogether`, on every rank, where a rank could not begin; else what went wrong on this one.
    public func run(over world: any Communicator) throws -> PredictionSummary? {
        let began = Stopwatch(), isFirst = world.rank == 0
        let found = try EndedTogether.unlessAll(Result { try PredictionInputs(self, readsInput: isFirst) }, world)
        let team = ThreadTeam(size: max(1, threads)), sharded = try shardsLabels(found.models, world)
        defer { team.stop() }
        let files = MappedModels(world: world, team: team, writes: makesFiles && !sharded)
        let models = try files.open(found.models, notice: isFirst ? notice : { _ in })
        let own = try EndedTogether.unlessAll(
            Result {
                try PredictionDevice.open(device, fastMath: fastMath, world, team: team, notice: isFirst ? notice : { _ in })
            }, world)
        let peers = sharded ? world : ThreadCommunicator.group(size: 1)[0]
        let group = try EndedTogether.unlessAll(
            Result { try WorkerGroup(communicator: peers, team: team, device: own) }, world)
        let begun = Result { try PreparedPrediction(self, found, models, group: group, began: began) }
        let prepared = try EndedTogether.unlessAll(begun, world)
        return sharded ? try together(prepared, world) : try dealt(prepared, world)
    }

    /// Each rank scores chunks of its own.
    private func dealt(_ prepared: PreparedPrediction, _ world: any Communicator) throws -> PredictionSummary? {
        let farm = PredictionFarm(world: world, scoring: prepared.scoring)
        if world.size == 1 {
            return try prepared.run(limit: chunk) { source, limit, take in
                while let chunk = try source.next(limit) { try take(prepared.scoring.score(chunk)) }
            }
        }
        guard world.rank == 0 else {
            try farm.serve()
            return nil
        }
        return try prepared.run(limit: chunk) { source, limit, take in try farm.run(&source, limit: limit, take) }
    }

    /// All ranks score each chunk, each its own labels.
    private func together(_ prepared: PreparedPrediction, _ world: any Communicator) throws -> PredictionSummary? {
        let panel = PredictionPanel(world: world, scoring: prepared.scoring)
        guard world.rank == 0 else {
            try panel.serve()
            return nil
        }
        return try prepared.run(limit: chunk) { source, limit, take in try panel.run(&source, limit: limit, take) }
    }

    /// The same answer on all ranks. Collective.
    private func shardsLabels(_ models: [TrainedModel], _ world: any Communicator) throws -> Bool {
        if let shardsLabels { return shardsLabels && world.size > 1 }
        let bytes = try models.reduce(0) { try $0 + $1.bytesToPredict() }, node = ProcessInfo.processInfo.physicalMemory
        let isTooLarge = UInt64(bytes) > node / 10 * 9
        let isWanted = try world.allgatherCounts(isTooLarge ? 1 : 0).contains(1) && world.size > 1
        if isWanted, world.rank == 0 {
            notice("the model (\(Quantity.bytes(bytes))) is larger than a node's memory: each rank holds a run of its labels")
        }
        return isWanted
    }
}

/// Some rank could not begin, and so none does: the first failure of any.
public struct EndedTogether: Error {
    public let failure: RankFailure
    /// What went wrong on this rank; where nothing did, what went wrong on the other.
    let own: any Error

    /// What every rank has got.
    ///
    /// - Throws: `EndedTogether` on all ranks where one of them has an error. Collective.
    static func unlessAll<Value>(_ own: Result<Value, any Error>, _ world: any Communicator) throws -> Value {
        var bytes: [UInt8] = []
        if case .failure(let error) = own {
            bytes = Array(try JSONEncoder().encode(RankFailure(error, rank: world.rank, host: world.host)))
        }
        for other in try world.allgatherBytes(bytes) where !other.isEmpty {
            let failure = try JSONDecoder().decode(RankFailure.self, from: Data(other))
            if case .failure(let error) = own { throw EndedTogether(failure: failure, own: error) }
            throw EndedTogether(failure: failure, own: failure)
        }
        return try own.get()
    }
}

extension PredictionSummary {
    /// Lines for a person, after a prediction.
    ///
    /// - Parameter chunk: documents scored at a time.
    public func text(output: String, chunk: Int) -> String {
        let count = documents.formatted(.number.locale(Locale(identifier: "en_US_POSIX")).grouping(.automatic))
        var lines = ["\(output == "-" ? "" : "\(output): ")\(count) documents, at most \(topK) labels each"]
        if learners > 1 { lines[0] += ", the sum of \(learners) learners" }
        if withoutFeature > 0 {
            lines.append(
                "\(withoutFeature) of them have no feature that the model knows: they are scored by the model's default ranking")
        }
        if let threshold {
            lines[0] += ", those that score \(threshold) or more"
            if withoutLabel > 0 { lines.append("\(withoutLabel) of them have no such label") }
        }
        if cut > 0 {
            lines.append(
                "\(cut) of them \(cut == 1 ? "is" : "are") longer than the model reads: only the beginning of \(cut == 1 ? "it" : "each") counts"
            )
        }
        let rate = predicting > 0 ? String(format: "%.0f", Double(documents) / predicting) : "-"
        lines.append(
            "model \(Quantity.seconds(loading)), reading \(Quantity.seconds(reading)), predicting "
                + "\(String(format: "%.4f s", predicting)) (\(rate) documents/s), writing \(Quantity.seconds(writing))")
        if chunk == 1, documents > 1 {
            let (median, slow) = chunkMilliseconds
            lines.append(
                "one document at a time: median \(String(format: "%.3f", median)) ms, 99 of 100 below \(String(format: "%.3f", slow)) ms"
            )
        }
        return lines.joined(separator: "\n")
    }
}
