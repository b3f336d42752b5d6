import Checkpoint
import Config
import Coordinator
import Datasets
import Foundation
import Learners
import Messages
import Support
import Synchronization
import Testing
import WorkerChecks

/// Whole learners with validation: the epoch that is kept is the learner that ends there, and figures are those of its scores.
@Suite("Validation of learners") struct ValidationLearnerTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A fifth of 512 documents is held out. Moves that are too small to change a rank: the first epoch is the best.
    private static let still = ["extreme.learning_rate=1e-8"]

    /// A job in a folder of its own.
    private func job(
        _ name: String, _ framework: FrameworkName = .ova, epochs: Int, _ settings: [String] = [],
        change: (inout ValidationOptions) -> Void = { _ in }
    ) throws -> LearnerJob {
        let all = ["extreme.num_epochs=\(epochs)", "extreme.learning_rate=0.03", "global.use_reranker=false"] + settings
        var small = SmallCase(framework)
        small.settings = all
        small.data.documents = 512
        var job = try LearnerJob(folder: scratch(name), small), validation = ValidationOptions(source: .part(0.2, seed: 0))
        change(&validation)
        job.options.validation = validation
        return job
    }

    /// The same, trained to its end.
    private func trained(
        _ name: String, _ framework: FrameworkName = .ova, epochs: Int, _ settings: [String] = [], workers: Int = 1,
        change: (inout ValidationOptions) -> Void = { _ in }
    ) throws -> Ended {
        let job = try job(name, framework, epochs: epochs, settings, change: change)
        #expect(try job.run(workers: workers) == 0)
        return try Ended(job)
    }

    /// The file of a checkpoint's arrays.
    private func shard(of checkpoint: String) throws -> String {
        let files = try FileManager.default.contentsOfDirectory(atPath: checkpoint)
        return "\(checkpoint)/\(try #require(files.first { $0.hasSuffix(".h5") }))"
    }

    @Test("the best epoch's learner is kept", arguments: [FrameworkName.ova, .anns])
    func best(framework: FrameworkName) throws {
        let whole = try trained("whole", framework, epochs: 5) { $0.keepsBest = true }, points = try whole.points
        #expect(points.map(\.epoch) == [1, 2, 3, 4, 5] && points.allSatisfy { $0.value == $0.metrics["P@1"] })
        let top = try #require(points.map(\.value).max()), kept = try #require(points.first { $0.value == top })
        let short = try trained("short", framework, epochs: kept.epoch) { $0.keepsBest = true }
        #expect(whole.outcome.differences(from: short.outcome) == [])
        #expect(try short.points == Array(points.prefix(kept.epoch)))
        #expect(whole.bestCheckpoints.isEmpty && short.bestCheckpoints.isEmpty)
    }

    @Test("patience ends a module, and the first of equal epochs is kept, or the last where that is asked for")
    func patience() throws {
        func learner(_ name: String, epochs: Int, keepsBest: Bool, patience: Int?) throws -> Ended {
            try trained(name, epochs: epochs, Self.still) { ($0.keepsBest, $0.patience) = (keepsBest, patience) }
        }
        let best = try learner("best", epochs: 9, keepsBest: true, patience: 2)
        let last = try learner("last", epochs: 9, keepsBest: false, patience: 2)
        #expect(try best.points.map(\.epoch) == [1, 2, 3] && last.points.map(\.epoch) == [1, 2, 3])
        let one = try learner("one", epochs: 1, keepsBest: false, patience: nil)
        let three = try learner("three", epochs: 3, keepsBest: false, patience: nil)
        #expect(best.outcome.differences(from: one.outcome) == [] && last.outcome.differences(from: three.outcome) == [])
        #expect(one.outcome != three.outcome)
    }

    /// What is said of an epoch is what the scores of a learner that ends there are worth.
    @Test("figures are those of the scores", arguments: [1, 3])
    func figures(workers: Int) throws {
        let points = try trained("all", epochs: 3, workers: workers).points
        #expect(points.count == 3)
        for point in points {
            let ended = try trained("\(point.epoch)", epochs: point.epoch), counted = try ended.countedFigures()
            for (name, value) in counted { #expect(abs((point.metrics[name] ?? -1) - value) < 1e-9, "\(name) of \(point.epoch)") }
            #expect(try abs(ended.section("metrics", "P")[0] - (counted["P@1"] ?? -1)) < 1e-4)
        }
        #expect(Set(points.map(\.value)).count > 1)
    }

    @Test("each second epoch, and the last")
    func seldom() throws {
        let seldom = try trained("seldom", epochs: 5) { $0.every = 2 }, always = try trained("always", epochs: 5)
        #expect(try seldom.points == always.points.filter { [2, 4, 5].contains($0.epoch) })
        #expect(seldom.outcome == always.outcome)
    }

    @Test("a tuned propensity_weight is as one that was set")
    func propensityWeight() throws {
        let metric = try SelectionMetric("PSP@3", flag: "")
        let tuned = try trained("tuned", epochs: 8, ["extreme.propensity_weight=0.6"]) {
            ($0.tuned, $0.tuneMetric) = ([.propensityWeight], metric)
        }
        let table = try #require(tuned.decided.tuned.first), top = try #require(table.rows.map(\.score).max())
        #expect(table.setting == "propensity_weight" && table.metric == "PSP@3" && table.configured == 0.6)
        #expect(table.rows.map(\.value) == [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1])
        let best = table.rows.filter { $0.score == top }.min { abs($0.value - 0.6) < abs($1.value - 0.6) }
        #expect(table.chosen == best?.value && table.rows.allSatisfy { $0.score == $0.metrics["PSP@3"] })
        #expect(Set(table.rows.map(\.score)).count > 1, "\(table.rows.map(\.metrics))")
        let set = try trained("set", epochs: 8, ["extreme.propensity_weight=\(table.chosen)"])
        #expect(tuned.outcome.differences(from: set.outcome) == [])
        #expect(try set.points.last?.metrics == best?.metrics && tuned.points.last?.metrics == table.rows[9].metrics)
        #expect(set.decided.tuned.isEmpty)
    }

    @Test("on any number of workers, and stopped again and again", arguments: [FrameworkName.ova, .anns])
    func same(framework: FrameworkName) throws {
        func choose(_ options: inout ValidationOptions) {
            (options.keepsBest, options.patience, options.tuned) = (true, 2, [.propensityWeight])
        }
        let alone = try trained("alone", framework, epochs: 4, change: choose)
        let three = try trained("three", framework, epochs: 4, workers: 3, change: choose)
        #expect(three.outcome.differences(from: alone.outcome) == [] && three.decided == alone.decided)
        let stopped = try job("stopped", framework, epochs: 4, change: choose)
        #expect(try stopped.runToTheEnd(workers: [1, 3, 2], stop: .look(4)) >= 1)
        let ended = try Ended(stopped)
        #expect(ended.outcome.differences(from: alone.outcome) == [] && ended.decided == alone.decided)
        #expect(ended.bestCheckpoints.isEmpty)
    }

    /// Stopped when the first epoch, the best, is some epochs past.
    @Test("a best epoch that is lost or damaged is trained again", arguments: [1, 2])
    func lost(workers: Int) throws {
        let whole = try trained("whole", epochs: 9, Self.still) { $0.keepsBest = true }
        let damages: [(String) throws -> Void] = [
            { try FileManager.default.removeItem(atPath: $0) },
            { try Data().write(to: URL(filePath: "\($0)/manifest.json")) },
            {
                let file = try URL(filePath: shard(of: $0))
                var bytes = try Data(contentsOf: file)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: file)
            },
        ]
        for (i, damage) in damages.enumerated() {
            let job = try job("lost \(i)", epochs: 9, Self.still) { $0.keepsBest = true }
            #expect(try job.run(workers: 1, stop: .look(9)) == 75)
            try damage(#require(Ended.bestCheckpoints(job).first))
            #expect(try job.run(workers: workers) == 0)
            let ended = try Ended(job)
            #expect(ended.outcome == whole.outcome && ended.decided == whole.decided && ended.bestCheckpoints.isEmpty)
        }
    }

    /// Training's checkpoints have two moments beside each number.
    @Test("the best epoch's checkpoint has no moments")
    func small() throws {
        let job = try job("small", epochs: 9, Self.still) { $0.keepsBest = true }
        #expect(try job.run(workers: 1, stop: .look(9)) == 75)
        let folder = job.options.modelFolder(seed: LearnerJob.seed)
        let training = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("ckpt_extreme_") }
        func bytes(_ checkpoint: String) throws -> Int { try Data(contentsOf: URL(filePath: shard(of: checkpoint))).count }
        #expect(try 2 * bytes(#require(Ended.bestCheckpoints(job).first)) < bytes("\(folder)/\(#require(training.first))"))
    }

    /// The scores' middle byte; a word of the decisions, which still are JSON; their absence.
    @Test("scores and decisions that are damaged or lost are made again")
    func damaged() throws {
        let job = try job("damaged", epochs: 3, Self.still) { ($0.keepsBest, $0.patience) = (true, 5) }
        #expect(try job.run(workers: 1) == 0)
        let whole = try Ended(job), folder = job.options.resultFolder(seed: LearnerJob.seed)
        let scores = URL(filePath: "\(folder)/validation.h5"), decisions = URL(filePath: "\(folder)/validation.json")
        let damages: [() throws -> Void] = [
            {
                var bytes = try Data(contentsOf: scores)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: scores)
            },
            {
                let text = try String(contentsOf: decisions, encoding: .utf8)
                #expect(text.contains("\"patience\""))
                try text.replacing("\"patience\"", with: "\"patients\"").write(to: decisions, atomically: true, encoding: .utf8)
            },
            { try FileManager.default.removeItem(at: decisions) },
            { try FileManager.default.removeItem(at: scores) },
        ]
        for damage in damages {
            try damage()
            #expect(try job.run(workers: 2) == 0)
            let again = try Ended(job)
            #expect(again.report == whole.report && again.decided == whole.decided && again.outcome == whole.outcome)
        }
    }

    /// The lines that a job's log says, each without its time.
    private func lines(of job: LearnerJob) throws -> [String] {
        let kept = Mutex([String]())
        var job = job
        job.options.quiet = false
        job.console = Console(isTerminal: false) { text in kept.withLock { $0.append(text) } }
        #expect(try job.run(workers: 2) == 0)
        return kept.withLock { $0.joined().split(separator: "\n").map(String.init) }
    }

    @Test("the log says which epoch is kept, and why a module ends")
    func saidOfEpochs() throws {
        func said(_ name: String, epochs: Int, keepsBest: Bool, patience: Int?) throws -> [String] {
            let job = try job(name, epochs: epochs, Self.still) { ($0.keepsBest, $0.patience) = (keepsBest, patience) }
            let lines = try lines(of: job), value = try #require(Ended(job).points.first).value
            let figure = ", P@1 \(Quantity.percent(value)) on 102 validation documents"
            return lines.compactMap { line in
                guard let start = line.range(of: "extreme")?.lowerBound, line.contains(" epoch ") else { return nil }
                #expect(!line.contains(": epoch") || line.hasSuffix(figure), "\(line)")
                return line[start...].replacingOccurrences(of: figure, with: "")
            }.filter { $0.contains("kept") || $0.contains("ends") }
        }
        #expect(
            try said("best", epochs: 9, keepsBest: true, patience: 2)
                == ["extreme ends after epoch 3 of 9: 2 validations brought nothing better", "extreme: epoch 1 is kept"])
        #expect(
            try said("last", epochs: 3, keepsBest: false, patience: 1) == [
                "extreme ends after epoch 2 of 3: 1 validation brought nothing better",
                "extreme: epoch 1 was the best, epoch 2 is kept",
            ])
        // Patience that ends with the last epoch ended nothing.
        #expect(try said("end", epochs: 3, keepsBest: true, patience: 2) == ["extreme: epoch 1 is kept"])
    }

    @Test("the log says what was chosen, and what it is worth")
    func saidOfChoices() throws {
        var job = try job("said", .anns, epochs: 2) { $0.tuned = [.beta, .ensembleWeights, .propensityWeight] }
        job.options.seeds = [LearnerJob.seed, 5]
        let lines = try lines(of: job), ended = try Ended(job)
        for (seed, section) in try zip([LearnerJob.seed, 5], ended.learners()) {
            let tables = try #require(section["tuned"] as? [[String: Any]])
            let table = try #require(tables.first { $0["setting"] as? String == "beta" })
            let rows = try #require(table["rows"] as? [[String: Any]])
            func score(_ value: Double) -> String {
                Quantity.percent(rows.first { $0["value"] as? Double == value }?["score"] as? Double ?? -1)
            }
            let chosen = try #require((section["chosen"] as? [String: Any])?["beta"] as? Double)
            let wanted = "seed \(seed): beta \(chosen) is chosen on 102 validation documents: "
            #expect(
                lines.contains { $0.hasSuffix("\(wanted)P@1 \(score(chosen)), \(score(0.4)) at the config's 0.4") }, "\(wanted)")
        }
        #expect(
            lines.count { $0.contains("propensity_weight ") && $0.hasSuffix(" is chosen by P@1 on validation documents") } == 2)
        let weights = try #require(ended.validation["weights"] as? [Double]).map { String(format: "%.4g", $0) }
        let figure = Quantity.percent(try Ended.figures(ended.validation, "P", of: "ensemble")[0])
        let wanted = "ensemble weights \(weights.joined(separator: ", ")) are chosen on validation documents: P@1 \(figure), "
        #expect(lines.contains { $0.contains(wanted) && $0.hasSuffix(" with equal ones") }, "\(wanted)")
    }

    /// A learner that is alone has no weight to choose.
    @Test("one learner's weight is not chosen")
    func weightOfOne() throws {
        let one = try trained("one", epochs: 1) { $0.tuned = [.ensembleWeights] }
        #expect(one.validation["weights"] == nil && one.validation["tune_metric"] as? String == "P@1")
    }

    @Test("a learner that has begun is not gone on with by other documents or another choice")
    func anotherValidation() throws {
        let job = try job("begun", epochs: 4) { $0.keepsBest = true }
        #expect(try job.run(workers: 1, stop: .look(4)) == 75)
        let changes: [(inout ValidationOptions) -> Void] = [
            { $0.source = .part(0.3, seed: 0) }, { $0.source = .part(0.2, seed: 1) }, { $0.keepsBest = false },
            { $0.patience = 2 }, { $0.every = 2 }, { $0.tuned = [.propensityWeight] },
        ]
        for (i, change) in changes.enumerated() {
            var other = job, options = try #require(job.options.validation)
            change(&options)
            other.options.validation = options
            let failure = #expect(throws: Failure.self, "change \(i)") { try other.run(workers: 1) }
            #expect(failure?.code == .usage, "change \(i)")
        }
        #expect(try job.run(workers: 2) == 0)
        let whole = try trained("whole", epochs: 4) { $0.keepsBest = true }
        #expect(try Ended(job).outcome == whole.outcome)
    }

    @Test("β of each learner and their weights in the ensemble are chosen on these documents")
    func ensemble() throws {
        func learners(_ name: String, _ tuned: Set<TunedSetting>) throws -> Ended {
            var job = try job(name, .anns, epochs: 2) { $0.tuned = tuned }
            job.options.seeds = [LearnerJob.seed, 5]
            #expect(try job.run(workers: 2) == 0)
            let first = try Ended(job)
            // A run that finds its learners trained chooses the same.
            #expect(try job.run(workers: 1) == 0)
            #expect(try Ended(job).report == first.report)
            return first
        }
        let plain = try learners("plain", []), tuned = try learners("tuned", [.beta, .ensembleWeights])
        #expect(tuned.outcome == plain.outcome)
        for (own, before) in try zip(tuned.learners(), plain.learners()) {
            let chosen = try #require((own["chosen"] as? [String: Any])?["beta"] as? Double)
            let table = try #require((own["tuned"] as? [[String: Any]])?.first { $0["setting"] as? String == "beta" })
            let rows = try #require(table["rows"] as? [[String: Any]]).map {
                ($0["value"] as? Double ?? -1, $0["score"] as? Double ?? -1)
            }
            #expect(table["configured"] as? Double == 0.4 && rows.count == 21)
            #expect(rows.first { $0.0 == chosen }?.1 == rows.map(\.1).max())
            let configured = try #require(rows.first { $0.0 == 0.4 }?.1), figures = try Ended.figures(before, "P")
            #expect(abs(configured - figures[0]) < 1e-3)
            #expect(try abs(Ended.figures(own, "P")[0] - (rows.first { $0.0 == chosen }?.1 ?? -1)) < 1e-3)
        }
        let weights = try #require(tuned.validation["weights"] as? [Double])
        #expect(weights.count == 2 && abs(weights.reduce(0, +) - 1) < 1e-9 && weights.allSatisfy { $0 >= 0 })
        #expect(plain.validation["weights"] == nil && plain.validation["documents"] as? Int == 102)
        let (before, after) = (
            try Ended.figures(plain.validation, "P", of: "ensemble"), try Ended.figures(tuned.validation, "P", of: "ensemble")
        )
        #expect(after[0] >= before[0])
    }
}

/// What a finished job with validation has left.
private struct Ended {
    let job: LearnerJob
    let outcome: LearnerOutcome
    let decided: LearnerValidation
    /// metrics.json's section of validation, and all of it that is no time.
    let validation: [String: Any]
    let report: String
    private let metrics: [String: Any]

    init(_ job: LearnerJob) throws {
        self.job = job
        outcome = try LearnerOutcome(of: job)
        let folder = job.options.resultFolder(seed: LearnerJob.seed)
        decided = try JSONDecoder().decode(
            LearnerValidation.self, from: Data(contentsOf: URL(filePath: "\(folder)/validation.json")))
        let text = try Data(contentsOf: URL(filePath: "\(job.options.resultFolder)/metrics.json"))
        metrics = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        validation = try #require(metrics["validation"] as? [String: Any])
        let learners = try #require(metrics["learners"] as? [[String: Any]]).map { $0["validation"] ?? "" }
        report = String(
            decoding: try JSONSerialization.data(withJSONObject: [validation, learners], options: .sortedKeys), as: UTF8.self)
    }

    /// Of the only module that is measured.
    var points: [ValidationHistory.Point] {
        get throws {
            #expect(decided.modules.map(\.module) == ["extreme"])
            return try #require(decided.modules.first).points
        }
    }

    /// metrics.json's sections of validation of the learners.
    func learners() throws -> [[String: Any]] {
        try #require(metrics["learners"] as? [[String: Any]]).map { try #require($0["validation"] as? [String: Any]) }
    }

    func section(_ name: String, _ figure: String) throws -> [Double] { try Self.figures(learners()[0], figure, of: name) }

    static func figures(_ section: [String: Any], _ figure: String, of name: String = "metrics") throws -> [Double] {
        try #require((section[name] as? [String: Any])?[figure] as? [Double])
    }

    var bestCheckpoints: [String] { Self.bestCheckpoints(job) }

    static func bestCheckpoints(_ job: LearnerJob) -> [String] {
        let folder = job.options.modelFolder(seed: LearnerJob.seed)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasPrefix("ckpt_") && $0.contains("-best_") }.map { "\(folder)/\($0)" }
    }

    /// P@1, P@3, P@5 and nDCG@3 of validation.h5, counted one document after the other, in per cent. Without a shortlist.
    func countedFigures() throws -> [String: Double] {
        let options = job.options
        let files = XCDatasetFiles(
            folder: options.datasetFolder, global: options.config.global, normalize: true, validation: options.validation?.source)
        let truth = try #require(try XCDataset.load(files: files, threads: 1).validation).labels
        let path = "\(options.resultFolder(seed: LearnerJob.seed))/validation.h5"
        let scores = try #require(try ScoreFile.readParts(path).parts["clf"])
        #expect(truth.rows == 102 && scores.rows == 102)
        var sums: [String: Double] = [:]
        for row in 0..<truth.rows {
            let own = Set(truth.columns(row)), entries = scores.range(row).map { ($0, scores.values?[$0] ?? 0) }
            let ranked = entries.sorted { $0.1 > $1.1 }.map { own.contains(scores.indices[$0.0]) ? 1.0 : 0 }
            func discounted(_ hits: some Sequence<Double>) -> Double {
                hits.enumerated().reduce(0) { $0 + $1.1 / log2(Double($1.0) + 2) }
            }
            for k in [1, 3, 5] { sums["P@\(k)", default: 0] += ranked.prefix(k).reduce(0, +) / Double(k) }
            sums["nDCG@3", default: 0] += discounted(ranked.prefix(3)) / discounted(repeatElement(1, count: min(3, own.count)))
        }
        return sums.mapValues { 100 * $0 / Double(truth.rows) }
    }
}
