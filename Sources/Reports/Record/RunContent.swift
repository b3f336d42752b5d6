import Formats
import Foundation
import Scoring
import Support

extension ReportContent {
    /// A run's, from its folder of results: `metrics.json`, `report.json`, and the events of its learners. Or of a merge of score files.
    ///
    /// - Parameter folder: the ensemble's, `results/…/v_<version>`; of a merge of files, what its `--output` names.
    /// - Throws: `Failure` where there is no `metrics.json`, or a file is damaged.
    public init(folder: String) throws {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        if let merged = try MergeRecord(folder: folder) {
            self = try merged.content(in: folder)
            return
        }
        let metrics = try Self.metrics(in: folder), record = try Self.record(in: folder)
        let histories = metrics.learners.compactMap { learner in
            LearnerHistory(EventFile.read(folder: "\(folder)_\(learner.seed)"))
        }
        self.init(metrics, record, histories)
    }

    /// - Parameter histories: of those learners of which there are events.
    public init(_ metrics: MetricsReport, _ record: RunRecord?, _ histories: [LearnerHistory]) {
        let learners = metrics.learners.map { learner in
            System(
                name: "seed \(learner.seed)", metrics: ReportMetrics(learner.metrics),
                details: record?.learners.first { $0.seed == learner.seed }?.details)
        }
        let ensemble = System(name: "ensemble", metrics: ReportMetrics(metrics.ensemble.metrics), details: record?.ensemble)
        self.init(
            title: "\(metrics.framework) on \(metrics.dataset)", facts: Self.facts(metrics, record),
            systems: learners + [ensemble])
        curves = Self.curves(metrics)
        stages = metrics.learners.flatMap { learner in
            learner.stages.sorted { $0.key < $1.key }.map {
                System(name: "seed \(learner.seed), \(Self.stageNames[$0.key] ?? $0.key)", metrics: ReportMetrics($0.value))
            }
        }
        self.histories = histories
        times = metrics.learners.map { ModuleTimes(name: "seed \($0.seed)", seconds: $0.seconds) }
        memory = Self.memory(metrics, histories)
        (mappedMiB, plan) = (histories.last?.mappedMiB, histories.last?.plan)
        (differences, documents, config) = (record?.config ?? [], record?.documents ?? [], metrics.config)
        (configFile, changes) = (record?.configFile, record?.changes ?? [])
        notes = Self.notes(metrics, record, histories)
        validation = metrics.validation
        learnerValidations = metrics.learners.compactMap { learner in
            learner.validation.map { LearnerValidationOf(name: "seed \(learner.seed)", section: $0) }
        }
    }

    private static let stageNames = ["clf": "classifiers alone", "knn": "neighbours alone", "reranker": "re-ranker alone"]

    private static func facts(_ metrics: MetricsReport, _ record: RunRecord?) -> [Fact] {
        let data = metrics.data
        let workers = Quantity.plural(metrics.workers, "worker"), groups = Quantity.plural(metrics.groups, "group")
        var facts = [
            Fact("framework", metrics.framework), Fact("architecture", metrics.arch), Fact("data set", metrics.dataset),
            Fact("version", metrics.version),
            Fact("learners", metrics.learners.map { "\($0.seed)" }.joined(separator: ", ")),
            Fact("documents", "\(Quantity.count(data.train)) for training, \(Quantity.count(data.test)) for testing"),
            Fact("features", Quantity.count(data.features)), Fact("labels", Quantity.count(data.labels)),
            Fact("ranks", "\(metrics.ranks) (\(workers) in \(groups))"),
            Fact("last job", Quantity.seconds(metrics.wallSeconds)),
        ]
        if let devices = metrics.devices { facts.append(Fact("devices", Self.text(devices))) }
        if let record { facts += [Fact("finished", minute(record.finished)), Fact("program", "deepxml-dist \(record.program)")] }
        return facts
    }

    /// `2 workers on NVIDIA H200 (CUDA 12.8, NVRTC 12.9)`.
    private static func text(_ devices: [MetricsReport.Device]) -> String {
        let kinds = devices.map { device in
            let driver = "\(device.backend) \(device.driver)"
            return "\(device.name) (\(([driver] + [device.compiler, device.fastMath].compactMap { $0 }).joined(separator: ", ")))"
        }
        let counts = Dictionary(grouping: kinds) { $0 }.sorted { $0.key < $1.key }
        return counts.map { "\(Quantity.plural($1.count, "worker")) on \($0)" }.joined(separator: ", ")
    }

    /// `2026-11-30 06:50 UTC` of a time with seconds.
    private static func minute(_ time: String) -> String { time.prefix(16).replacing("T", with: " ") + " UTC" }

    private static func curves(_ metrics: MetricsReport) -> [BetaCurve] {
        metrics.learners.flatMap { learner in
            let name = "seed \(learner.seed)", own = BetaCurve(name: name, learner.byBeta.mapValues(ReportMetrics.init))
            let before = BetaCurve(
                name: name, (learner.byBetaBeforeReranker ?? [:]).mapValues(ReportMetrics.init), isBeforeReranker: true)
            return [own, before].compactMap { $0 }
        }
    }

    /// A rank that this job did not need is measured by an earlier one's events.
    private static func memory(_ metrics: MetricsReport, _ histories: [LearnerHistory]) -> [Memory] {
        let planned = histories.compactMap(\.plannedMiB).last ?? []
        var used: [Int: Double] = [:]
        for (rank, peak) in metrics.peakRSSMiB.enumerated() where peak > 0 { used[rank] = Double(peak) }
        for rank in histories.flatMap(\.ranks) { used[rank.rank] = max(used[rank.rank] ?? 0, rank.peakMiB) }
        let ranks = Set(used.keys).union(planned.indices).sorted()
        return ranks.map { rank in
            let plan = planned.indices.contains(rank) && planned[rank] > 0 ? planned[rank] : nil
            return Memory(rank: rank, planned: plan, used: used[rank])
        }
    }

    private static func notes(_ metrics: MetricsReport, _ record: RunRecord?, _ histories: [LearnerHistory]) -> [String] {
        var notes: [String] = []
        if record == nil {
            notes.append(
                "There is no report.json: an earlier version made these results. Intervals, segments and documents are missing.")
        }
        let missing = metrics.learners.filter { learner in !histories.contains { $0.learner == learner.seed } }
        if !missing.isEmpty {
            let seeds = missing.map { "\($0.seed)" }.joined(separator: ", ")
            notes.append("There are no events of seed \(seeds): loss, times by rank and the plan are missing.")
        }
        return notes
    }
}

extension ReportContent {
    private static func metrics(in folder: String) throws -> MetricsReport {
        let path = "\(folder)/metrics.json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(
                .usage, "no results to report", at: path, found: isFolder(folder) ? "no such file" : "no such folder",
                expected: "an ensemble's folder of results: results/<framework>/<arch>/<dataset>/v_<version>",
                advice: "train, or name the folder that has metrics.json")
        }
        do { return try MetricsReport(json: String(decoding: data, as: UTF8.self)) } catch {
            throw Failure(
                .usage, "metrics.json cannot be read", at: path, found: "\(error)".prefix(200).description,
                expected: "metrics.json as train and merge write it",
                advice: "make it again: deepxml-dist merge with the run's options")
        }
    }

    /// nil where there is none.
    private static func record(in folder: String) throws -> RunRecord? {
        let path = "\(folder)/\(RunRecord.fileName)"
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do { return try JSONDecoder().decode(RunRecord.self, from: data) } catch { throw damaged(path, error) }
    }

    static func damaged(_ path: String, _ error: any Error) -> Failure {
        Failure(
            .usage, "report.json cannot be read", at: path, found: "\(error)".prefix(200).description,
            expected: "report.json as train and merge write it",
            advice: "make it again: deepxml-dist merge with the run's options; or delete it")
    }
}
