import Checkpoint
import Config
import Datasets
import Devices
import Formats
import Foundation
import Glibc
import Learners
import Messages
import Reports
import Scoring
import Support
import Training
import Transport

/// The run ends before its workers begin; every rank was told to end with the failure's code.
public struct EndedBeforeStart: Error {
    public let failure: Failure
}

/// Rank 0: reads and checks the inputs, plans, leads the run, and writes all results.
public final class CoordinatorMain {
    private let world: any Communicator
    private let options: TrainOptions
    /// Ranks that a person asked for; a job of one rank has a worker beside the coordinator in its process.
    private let ranks: Int
    private let stop: StopFlag
    private let reporter: ProgressReporter
    private let team = ThreadTeam(size: 1)
    private let time = Stopwatch()

    public init(
        world: any Communicator, ranks: Int, options: TrainOptions, stop: StopFlag, console: Console = .standardError
    ) {
        self.world = world
        self.options = options
        self.ranks = ranks
        self.stop = stop
        reporter = ProgressReporter(console: console, format: options.logFormat, quiet: options.quiet)
    }

    /// - Returns: the exit code of the job: 0, or 75 after an interruption.
    /// - Throws: `EndedBeforeStart` where the inputs or the plan are wrong, when all ranks know; else what went wrong.
    public func run() throws -> Int32 { try ProgressScope.shown(nil, by: reporter, runJob) }

    private func runJob() throws -> Int32 {
        let census = try NodeCensus.take(world, ranks: ranks)
        let prepared: Prepared
        var locks: RunLocks?
        defer { locks?.release() }
        do {
            try census.checkPrograms()
            prepared = try ProgressScope.section("preparing") { try prepare(census, &locks) }
        } catch {
            let failure = error as? Failure ?? Failure(.outOfResources, "\(error)")
            try tellAll(Assignment(exitCode: failure.code.rawValue))
            throw EndedBeforeStart(failure: failure)
        }
        if options.dryRun {
            try tellAll(Assignment(exitCode: 0))
            try StandardOutput.print(prepared.plan.description)
            return 0
        }
        try tellAll(prepared.assignment)
        _ = try world.split(color: nil, key: 0)
        let events = prepared.events
        do {
            let code = try lead(prepared, RunMonitor(locks: locks, events: events, hosts: census.hosts))
            try events.end(code: code)
            return code
        } catch {
            // What ended the job is said, not what the disk then says to this.
            try? events.end(code: RankFailure(error, rank: 0, host: "").code)
            throw error
        }
    }

    /// All that is known before the first step.
    private struct Prepared {
        var inputs: RunInputs
        var plan: RunPlan
        let events: EventRecorder
        var finished: [LearnerResult]
        var assignment: Assignment
    }

    private func tellAll(_ assignment: Assignment) throws {
        _ = try world.broadcastBytes(Array(JSONEncoder().encode(assignment)))
    }

    private func prepare(_ census: NodeCensus.Result, _ locks: inout RunLocks?) throws -> Prepared {
        let nodes = census.nodes
        for notice in options.notices { reporter.note(notice, rank: 0) }
        try RunFolders.check(options)
        let inputs = try RunInputs(options, threads: max(1, nodes.first?.cores ?? 1)), data = inputs.data
        try options.framework.learner.check(options.reading(weightsOf: inputs.pretrained), data)
        for notice in inputs.notices { reporter.note(notice, rank: 0) }
        for warning in inputs.warnings { reporter.warn(warning, rank: 0) }
        if !options.dryRun { locks = try RunLocks(options) { reporter.warn($0, rank: 0) } }
        let finished = options.fresh ? [] : try options.seeds.compactMap { try storedResult($0, inputs) }
        let left = options.seeds.filter { seed in !finished.contains { $0.seed == seed } }
        if options.mergesOnly { try MissingLearners(options).check(left) }
        let encoder = try options.framework.learner.encoderSize(options, data)
        if let long = encoder.flatMap({ LongDocuments.notice(data, longest: $0.longest) }) { reporter.warn(long, rank: 0) }
        var plan = RunPlan(
            worldSize: ranks, seeds: left.map { Int(truncatingIfNeeded: $0) },
            size: ProblemSize(data, dimensions: options.config.global.embeddingDims), config: options.config,
            framework: options.framework, encoder: encoder,
            positives: data.positives,
            threads: options.threads, nodes: nodes)
        plan.validation = options.validation.flatMap { chosen in
            data.validation.map { PlannedValidation($0, chosen, learners: options.seeds.count) }
        }
        if let text = try plan.choose(options.device, census.gpus, fastMath: options.fastMath) { reporter.note(text, rank: 0) }
        plan.measureSpeed(unlessShorterThan: options.dryRun ? 0 : 10)
        plan.count(data, always: options.dryRun)
        sayTime(of: plan, labels: data.labelCount)
        if !options.dryRun { try plan.checkMemory() }
        if !options.dryRun { try plan.checkDeviceMemory() }
        // Where every learner is trained, nobody need care what ranks do.
        for warning in plan.warnings {
            if plan.groups.isEmpty { reporter.note(warning, rank: 0) } else { reporter.warn(warning, rank: 0) }
        }
        for learner in finished { reporter.note("seed \(learner.seed) is trained already: its predictions are used", rank: 0) }
        // A job of one rank runs as two: the coordinator's thread and the worker's.
        let offset = ranks == 1 ? 1 : 0
        let assignment = Assignment(
            groups: plan.groups.map { $0.workers.map { $0 + offset } },
            threads: (offset == 1 ? [0] : []) + plan.threads,
            devices: Dictionary(uniqueKeysWithValues: plan.devices.map { ($0 + offset, $1) }), cacheFile: inputs.cacheFile,
            embeddings: inputs.embeddings,
            embeddingsFingerprint: inputs.embeddingsFingerprint)
        if options.fresh, !options.dryRun {
            try RunFolders.startOver(
                options,
                options.seeds.map { CheckpointStore(folder: options.modelFolder(seed: $0), identity: identity($0, inputs)) })
        }
        let events = try EventRecorder(options, plan: plan, stop: stop) { [reporter] in reporter.warn($0, rank: 0) }
        return Prepared(inputs: inputs, plan: plan, events: events, finished: finished, assignment: assignment)
    }

    /// One line: of the framework, where it was chosen, else of a time that is worth a line. `--dry-run` has it on its page as well.
    private func sayTime(of plan: RunPlan, labels: Int) {
        // Times are those of CPUs.
        let time = plan.devices.isEmpty ? PlannedTime(plan) : nil
        if let choice = options.choice {
            reporter.note(choice.text(labels: labels, time: time?.text), rank: 0)
        } else if !options.dryRun, let time, time.seconds >= 10 {
            reporter.note("plan: \(time.text)", rank: 0)
        }
        if !options.dryRun, let hint = time?.hint { reporter.note(hint, rank: 0) }
    }

    private func identity(_ seed: UInt64, _ inputs: RunInputs) -> CheckpointIdentity {
        options.identity(seed: seed, data: inputs.data, embeddingsFingerprint: inputs.embeddingsFingerprint)
    }

    private func storedResult(_ seed: UInt64, _ inputs: RunInputs) throws -> LearnerResult? {
        let identity = identity(seed, inputs), folder = options.resultFolder(seed: seed)
        var learner = try LearnerResult.stored(in: folder, identity: identity) { reporter.warn($0, rank: 0) }
        if learner != nil, !options.mergesOnly, !ModelFolder.hasResults(options, seed) {
            reporter.warn("\(options.modelFolder(seed: seed)) has no trained module: the learner is trained again", rank: 0)
            return nil
        }
        guard options.validation != nil, learner != nil else { return learner }
        learner?.validation = try ValidationResult.stored(in: folder, identity: identity)
        if learner?.validation != nil { return learner }
        reporter.warn("\(folder) has no whole scores of validation documents: the predictions are made again", rank: 0)
        return nil
    }

    private func lead(_ prepared: Prepared, _ monitor: RunMonitor) throws -> Int32 {
        var files = ResultFiles(options: options, data: prepared.inputs.data, names: prepared.inputs.names, team: team)
        let tuning = ValidationTuning(options, prepared.inputs.data, team) { [reporter] in reporter.note($0, rank: 0) }
        let finished = try prepared.finished.map { try tuning?.tuned($0) ?? $0 }
        let models = try ModelFolder(options: options, inputs: prepared.inputs, finished: finished)
        var evaluations: [UInt64: (LearnerResult, LearnerEvaluation)] = [:]
        for learner in finished {
            try ProgressScope.section("seed \(learner.seed) results") {
                let evaluation = try files.evaluate(learner)
                evaluations[learner.seed] = (learner, evaluation)
                // What is kept and measured may have been set anew since.
                try files.write(learner, evaluation)
            }
        }
        let training = TrainingRun(
            world: world, plan: prepared.plan, seeds: options.seeds.filter { evaluations[$0] == nil }, options: options,
            data: prepared.inputs.data, stop: stop, reporter: reporter, team: team, monitor: monitor
        ) { [self] trained in
            let learner = try tuning?.tuned(trained) ?? trained
            let evaluation = try files.evaluate(learner)
            try files.write(learner, evaluation)
            let identity = identity(learner.seed, prepared.inputs)
            try ProgressScope.stage("completing the model") { _ in try models.write(learner) }
            let folder = options.resultFolder(seed: learner.seed)
            // The predictions come last: they make the learner a finished one.
            let validation = try learner.validation?.write(to: folder, identity: identity)
            var stored = try learner.write(to: folder, identity: identity)
            stored.validation = validation
            evaluations[learner.seed] = (stored, evaluation)
            try monitor.events.finish(learner.seed, evaluation.metrics)
            reporter.finish(
                learner: Int(truncatingIfNeeded: learner.seed),
                message: files.truth.labelledDocuments == 0
                    ? "trained"
                    : "P@1 \(Quantity.percent(evaluation.metrics.P[0])), P@5 \(Quantity.percent(evaluation.metrics.P[4]))",
                rank: 0)
        }
        try training.run(workers: prepared.assignment.groups)
        reporter.close()
        if training.wasInterrupted {
            let checkpoints = options.seeds.flatMap { namesInFolder(options.modelFolder(seed: $0)) }
            let isWritten = !evaluations.isEmpty || checkpoints.contains { $0.hasPrefix("ckpt_") }
            reporter.note(
                isWritten
                    ? "stopped after a checkpoint: the same command \(options.fresh ? "without --fresh " : "")goes on from there"
                    : "stopped before the first checkpoint: the same command begins again", rank: 0)
            return Failure.Code.interrupted.rawValue
        }
        let learners = options.seeds.compactMap { evaluations[$0] }
        try ProgressScope.section("ensemble") {
            let validation = options.learnersOnly ? nil : try tuning?.section(learners.map(\.0))
            try models.write(weights: validation?.weights)
            try conclude(learners, prepared, training, validation, files: &files)
        }
        return 0
    }

    private func conclude(
        _ learners: [(LearnerResult, LearnerEvaluation)], _ prepared: Prepared, _ training: TrainingRun,
        _ validation: MetricsReport.ValidationSection?, files: inout ResultFiles
    ) throws {
        if options.learnersOnly { return try sayLearners(learners, files) }
        let ensemble = files.ensemble(learners.map(\.0), weights: validation?.weights)
        let truth = files.truth, labelled = truth.labelledDocuments, names = prepared.inputs.names
        let samples = try RankedSamples(
            truth: prepared.inputs.data.testLabels, texts: names.texts, names: names.labels
        ) { truth.predictions(of: try ensemble.block($0), $0) }
        let metrics = try files.write(ensemble: ensemble) { metrics in
            EvaluationLog.ensemble(learners: learners.map(\.1.metrics), ensemble: metrics)
        } report: { metrics in
            report(learners, metrics, prepared, training, validation, testLabelled: labelled)
        } record: { details in
            RunRecord(
                learners: learners.map { .init(seed: Int(truncatingIfNeeded: $0.0.seed), details: $0.1.details) },
                ensemble: details, config: options.config.differences, configFile: options.configName,
                changes: options.config.changes,
                documents: samples.records(truth: prepared.inputs.data.testLabels))
        }
        try say(
            learners, metrics, samples, prepared.inputs.data, files, training,
            baseline: baseline(prepared.inputs.data, files.truth, prepared.plan.nodes))
    }

    private func report(
        _ learners: [(LearnerResult, LearnerEvaluation)], _ ensemble: MetricTable, _ prepared: Prepared, _ training: TrainingRun,
        _ validation: MetricsReport.ValidationSection?, testLabelled: Int
    ) -> MetricsReport {
        let data = prepared.inputs.data
        var peak = training.peakRSS.map { Int($0.rounded()) }
        peak[0] = Int(peakRSSMiB().rounded())
        return MetricsReport(
            run: RunIdentity(
                framework: options.framework.rawValue, arch: options.arch, dataset: options.dataset, version: options.version),
            layout: RunLayout(prepared.plan), wallSeconds: time.seconds, peakRSSMiB: peak, commSeconds: training.commSeconds,
            devices: prepared.plan.deviceRecords,
            data: MetricsReport.DataSection(
                train: data.trainFeatures.rows, test: data.testFeatures.rows, testLabelled: testLabelled,
                features: data.vocabularySize, labels: data.labelCountInFile, fingerprint: data.fingerprint),
            learners: learners.map {
                MetricsReport.Learner(
                    seed: Int(truncatingIfNeeded: $0.0.seed), evaluation: $0.1, seconds: $0.0.seconds,
                    validation: $0.0.validation?.section)
            }, ensemble: ensemble, config: try? JSONValue.parse(Array(options.config.json.utf8), name: "config"),
            validation: validation)
    }

    /// A line that compares the ensemble with what needs no training; nil: none is wanted, or the data have nothing to compare.
    private func baseline(_ data: XCDataset, _ truth: GroundTruth, _ nodes: [NodeResources]) -> String? {
        guard options.comparesBaseline, truth.labelledDocuments > 0, NearestDocuments.canSearch(data) else { return nil }
        let team = ThreadTeam(size: max(1, nodes.first?.cores ?? 1))
        defer { team.stop() }
        let scores = NearestDocuments(data: data, device: CPUDevice(team: team)).scores(team)
        return ClosingReport.baseline(
            truth.evaluate(scores, team: team), documents: min(NearestDocuments.count, data.trainFeatures.rows),
            by: options.usesDemoData ? "tf-idf" : "features")
    }

    private func resultTable(
        _ learners: [(LearnerResult, LearnerEvaluation)], ensemble: MetricTable?, _ truth: GroundTruth
    ) -> String {
        guard truth.labelledDocuments > 0 else { return ClosingReport.notMeasured(documents: truth.labels.rows) }
        return ClosingReport.table(
            learners: learners.map { (Int(truncatingIfNeeded: $0.0.seed), $0.1.metrics) }, ensemble: ensemble)
    }

    private func sayLearners(_ learners: [(LearnerResult, LearnerEvaluation)], _ files: ResultFiles) throws {
        try StandardOutput.print(resultTable(learners, ensemble: nil, files.truth))
        if options.quiet { return }
        try StandardOutput.print("\n\(ClosingReport.files(files.written))")
        try StandardOutput.print("in \(Quantity.seconds(time.seconds)); `deepxml-dist merge` makes an ensemble of such learners")
    }

    private func say(
        _ learners: [(LearnerResult, LearnerEvaluation)], _ metrics: MetricTable, _ samples: RankedSamples,
        _ data: XCDataset, _ files: ResultFiles, _ training: TrainingRun, baseline: String?
    ) throws {
        let figures = resultTable(learners, ensemble: metrics, files.truth)
        let table = ([figures] + (baseline.map { [$0] } ?? [])).joined(separator: "\n")
        if options.quiet { return try StandardOutput.print(table) }
        let documents = SampleDocuments.choose(truth: data.testLabels)
        let sample = SampleDocuments(texts: samples.texts, labelNames: samples.names)
        try StandardOutput.print("\n\(table)\n")
        if !documents.isEmpty { try StandardOutput.print(sample.text(ranked: samples.ranked(documents), truth: data.testLabels)) }
        try StandardOutput.print("\n\(ClosingReport.files(files.written))")
        if let waited = ClosingReport.waited(training.commSeconds) { try StandardOutput.print(waited) }
        let leading = String(format: "%.2f", training.leadingSeconds), whole = String(format: "%.2f", cpuSeconds())
        try StandardOutput.print(
            "in \(Quantity.seconds(time.seconds)); the coordinator used \(leading) s of CPU while workers "
                + "trained, \(whole) s in all")
    }
}
