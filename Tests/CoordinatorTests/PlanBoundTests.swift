import Config
import Coordinator
import Datasets
import Formats
import Foundation
import Learners
import Messages
import Reports
import Support
import TestSupport
import Testing
import Training

/// Where what a plan says changes, and what it is exactly: each figure against its rule.
@Suite struct PlanBoundTests {
    private func plan(_ framework: FrameworkName, ranks: Int, seeds: [Int] = [1], cores: Int = 2) -> RunPlan {
        makePlan(ranks: ranks, seeds: seeds, cores: cores, framework: framework, reranker: false)
    }

    private func lines(_ plan: RunPlan, _ words: String) -> [String] {
        plan.description.split(separator: "\n").map(String.init).filter { $0.contains(words) }
    }

    /// Frameworks that send nothing while they train say what they send between parts, from two workers on.
    @Test(arguments: [2, 3, 4, 9]) func partsThatAreSent(ranks: Int) {
        let costs = SparseSlice().costs(LearnerProblem(config: Config(), size: wordNet()), rates: StepCosts())
        let bytes = costs.traffic(groupSize: ranks - 1).bytes
        let between = "none while workers train; between the parts about \(Quantity.bytes(Int(bytes))) received a worker"
        #expect(
            lines(plan(.sparseSlice, ranks: ranks), "Messages") == ["Messages: " + (ranks > 2 ? between : "none between workers")]
        )
        #expect(lines(plan(.dismec, ranks: ranks), "Messages") == ["Messages: none between workers"])
        let steps = "steps: extreme \(Quantity.count(Config().extreme.optimisation.epochs * 52))"
        let network =
            ranks > 2 ? "Messages a step, in a group of \(ranks - 1) (\(steps))" : "Messages: none between workers; \(steps)"
        #expect(lines(plan(.ova, ranks: ranks), "Messages") == [network])
    }

    /// Of a group of m workers each receives what the others have.
    @Test func bytesOfAMessage() {
        let stack = EncoderSize(parameters: 9000, readsTokens: false, floatsPerToken: 0, intermediateDims: 64, outputDims: 64)
        let text = makePlan(ranks: 4, seeds: [1], framework: .ova, encoder: stack).description
        #expect(text.contains("9,000 floats each: \(Quantity.bytes(8 * 9000 * 2 / 3)) received a worker"))
        #expect(text.contains("255×64 floats: \(Quantity.bytes(4 * 255 * 64 * 2 / 3)) received a worker"))
    }

    @Test func oneProcess() {
        let text = plan(.ova, ranks: 1).description
        #expect(text.contains("  1 rank on 1 node: one process coordinates and trains\n") && !text.contains("  rank 0: "))
        #expect(plan(.ova, ranks: 2).description.contains("  2 ranks on 1 node: rank 0 coordinates, 1 worker in 1 group\n"))
        #expect(plan(.ova, ranks: 2).description.contains("  rank 0: "))
        let none = plan(.ova, ranks: 3, seeds: [])
        #expect(none.description.hasPrefix("Plan: nothing to train\n") && !none.description.contains("Groups"))
        #expect(!none.description.contains("Time, estimated") && !none.description.contains("Messages"))
        #expect(none.idleRanks == [1, 2] && none.rounds == 0 && plan(.ova, ranks: 1, seeds: []).idleRanks == [0])
        #expect(makePlan(ranks: 2, seeds: [1], available: nil).description.contains("unknown what is available"))
    }

    @Test func threadsThatDiffer() {
        let size = wordNet(), positives = [Int](repeating: 1, count: 4015)
        func text(_ cores: [Int]) -> String {
            RunPlan(
                worldSize: 4, seeds: [1], size: size, config: Config(), positives: positives,
                nodes: [
                    NodeResources(host: "a", cores: cores[0], availableBytes: nil, ranks: [0, 1]),
                    NodeResources(host: "b", cores: cores[1], availableBytes: nil, ranks: [2, 3]),
                ]
            ).description
        }
        #expect(text([4, 4]).contains("group 0: ranks 1–3, 2 or 4 threads each; starts with seed 1"))
        #expect(
            text([1, 2]).contains("group 0: ranks 1–3, 1 thread each;") && text([2, 4]).contains("ranks 1–3, 2 threads each;"))
        // Threads that take turns have parts of cores: one of one, and two of two.
        #expect(text([1, 2]).contains("a learner on 3 cores") && !text([1, 2]).contains("take turns"))
        #expect(
            text([1, 1]).contains("a learner on 2 cores") && text([1, 1]).contains("node b has 1 cores for 2 worker threads"))
        #expect(text([0, 0]).contains("a learner on 2 cores"))
        // No more cores than threads.
        #expect(makePlan(ranks: 2, seeds: [1], threads: 1, cores: 8).description.contains("a learner on 1 core "))
        #expect(makePlan(ranks: 3, seeds: [1], threads: 3, cores: 4).description.contains("a learner on 4 cores "))
    }

    /// Parts of less than a twentieth of a second are not said, nor sums of one.
    @Test func timesThatAreSaid() {
        let one = lines(plan(.dismec, ranks: 2), "a learner on"),
            two = lines(plan(.dismec, ranks: 2, seeds: [1, 2]), "a learner on")
        #expect(one.count == 1 && !one[0].contains("in all") && !one[0].contains("(") && two[0].contains(" in all"))
        func line(test: Int) -> (text: String, stages: [StageSeconds]) {
            var size = wordNet()
            size.testDocuments = test
            let plan = RunPlan(
                worldSize: 1, seeds: [1, 2], size: size, config: Config(), framework: .ova,
                positives: [Int](repeating: 1, count: 4015),
                nodes: [NodeResources(host: "a", cores: 2, availableBytes: nil, ranks: [0])])
            let costs = OneVsAll().costs(LearnerProblem(config: Config(), size: size), rates: StepCosts())
            return (lines(plan, "a learner on").first ?? "", costs.stageSeconds(cores: 2))
        }
        // A document's prediction takes 17 µs.
        for test in [2800, 3000] {
            let (text, stages) = line(test: test), said = stages.filter { $0.seconds >= 0.05 }
            #expect(stages.count == 2 && said.count == (test == 3000 ? 2 : 1), "\(stages)")
            let seconds = said.reduce(0) { $0 + $1.seconds }, parts = said.map { "\($0.name) \(Quantity.seconds($0.seconds))" }
            let list = said.count > 1 ? " (\(parts.joined(separator: ", ")))" : ""
            #expect(
                text
                    == "  about \(Quantity.seconds(seconds)) a learner on 2 cores\(list), \(Quantity.seconds(2 * seconds)) in all"
            )
        }
    }

    /// SparseSlice is named for learners of more than ten minutes of which it takes less than a third.
    @Test func whenAFasterFrameworkIsNamed() {
        var config = Config()
        config.global.useReranker = false
        var seen = Set<[Bool]>()
        for framework in [FrameworkName.ova, .dismec, .anns, .slice, .sparseSlice] {
            for documents in [1000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 20_000_000] {
                for labels in [30, 300, 3000, 30_000] {
                    var size = wordNet(labels: labels)
                    (size.trainDocuments, size.storedFeatures, size.storedLabels) = (documents, 10 * documents, 5 * documents)
                    let problem = LearnerProblem(config: config, size: size)
                    let own = framework.learner.costs(problem, rates: StepCosts()).stageSeconds(cores: 2)
                        .filter { $0.seconds >= 0.05 }.reduce(0) { $0 + $1.seconds }
                    let fast = SparseSlice().costs(problem, rates: StepCosts()).seconds(cores: 2)
                    let text = RunPlan(
                        worldSize: 1, seeds: [1], size: size, config: config, framework: framework,
                        positives: [Int](repeating: 1, count: labels),
                        nodes: [NodeResources(host: "alpha", cores: 2, availableBytes: nil, ranks: [0])]
                    ).description
                    let wanted = framework != .sparseSlice && own > 600 && fast < own / 3
                    #expect(text.contains("SparseSlice would take about \(Quantity.seconds(fast)) on these data") == wanted)
                    #expect(text.contains("--framework SparseSlice") == wanted, "\(framework) \(documents) \(labels)")
                    if framework != .sparseSlice { seen.insert([own > 600, fast < own / 3, fast < own * 3]) }
                }
            }
        }
        // All that makes a difference occurs.
        #expect(
            seen.isSuperset(of: [[true, true, true], [true, false, true], [false, true, true], [false, false, true]]), "\(seen)")
    }

    /// Ten minutes are ten minutes.
    @Test func learnersOfTenMinutes() {
        func seconds(_ documents: Int) -> (own: Double, isNamed: Bool) {
            var size = wordNet(labels: 30_000)
            (size.trainDocuments, size.storedFeatures, size.storedLabels) = (documents, 10 * documents, 5 * documents)
            let plan = RunPlan(
                worldSize: 1, seeds: [1], size: size, config: Config(), framework: .ova,
                positives: [Int](repeating: 1, count: 30_000),
                nodes: [NodeResources(host: "a", cores: 2, availableBytes: nil, ranks: [0])])
            let costs = OneVsAll().costs(LearnerProblem(config: Config(), size: size), rates: StepCosts())
            return (costs.seconds(cores: 2), plan.description.contains("SparseSlice would take"))
        }
        let each = (seconds(200_000).own - seconds(100_000).own) / 100_000, fixed = seconds(100_000).own - 100_000 * each
        for (wanted, isNamed) in [(599.9, false), (600.1, true), (600.9, true), (601.1, true)] {
            let found = seconds(Int((wanted - fixed) / each))
            #expect(abs(found.own - wanted) < 0.05 && found.isNamed == isNamed, "\(wanted): \(found)")
        }
    }

    /// Counts are taken where asked for, or where a node has less than twice what the sizes let expect.
    @Test func whenTheDataAreCounted() throws {
        let folder = try TemporaryFolder()
        for (name, text) in [
            ("trn_X_Xf", "3 5\n0:1 2:1\n1:1 4:1\n3:1\n"), ("trn_X_Y", "3 4\n0:1\n1:1 3:1\n2:1\n"),
            ("tst_X_Xf", "2 5\n0:1 1:1 2:1\n4:1\n"), ("tst_X_Y", "2 4\n0:1 1:1\n3:1\n"),
        ] { try folder.write("\(name).txt", text) }
        let data = try XCDataset.load(files: XCDatasetFiles(folder: folder.path), threads: 1)
        func plan(_ available: Int?, seeds: [Int] = [1]) -> RunPlan {
            RunPlan(
                worldSize: 1, seeds: seeds, size: ProblemSize(data, dimensions: 8), config: Config(), framework: .sparseSlice,
                positives: data.positives,
                nodes: [NodeResources(host: "alpha", cores: 1, availableBytes: available, ranks: [0])])
        }
        func isCounted(_ available: Int?, always: Bool = false, seeds: [Int] = [1]) -> Bool {
            var plan = plan(available, seeds: seeds)
            plan.count(data, always: always)
            return plan.counts != nil
        }
        let needed = plan(nil).bytes(onNode: plan(nil).nodes[0])
        #expect(isCounted(2 * needed - 1) && !isCounted(2 * needed) && isCounted(needed) && !isCounted(nil))
        #expect(isCounted(nil, always: true) && isCounted(1 << 50, always: true) && !isCounted(1, always: true, seeds: []))
        try plan(needed).checkMemory()
        #expect(throws: Failure.self) { try plan(needed - 1).checkMemory() }
    }

    @Test func warningsBeginWhereThereIsSomethingOdd() {
        func partitions(_ count: Int, ranks: Int) -> Bool {
            var config = Config()
            config.extreme.classifier.partitions = count
            return RunPlan(
                worldSize: ranks, seeds: [1], size: wordNet(), config: config, positives: [Int](repeating: 1, count: 4015),
                nodes: [NodeResources(host: "a", cores: 9, availableBytes: nil, ranks: Array(0..<ranks))]
            ).warnings.contains { $0.contains("num_clf_partitions is \(count)") }
        }
        #expect(!partitions(3, ranks: 4) && partitions(4, ranks: 4) && !partitions(1, ranks: 1) && partitions(2, ranks: 1))
        #expect(plan(.ova, ranks: 3, seeds: [1, 2], cores: 2).warnings.isEmpty)
        #expect(plan(.ova, ranks: 3, seeds: [1, 2], cores: 1).warnings.count == 1)
        #expect(plan(.ova, ranks: 3, seeds: [1, 2, 3, 4]).ranksIdleInLastRound.isEmpty)
        #expect(plan(.ova, ranks: 4, seeds: [1, 2, 3, 4]).ranksIdleInLastRound == [2, 3])
        #expect(plan(.ova, ranks: 4, seeds: [1, 2, 3, 4]).rounds == 2 && plan(.ova, ranks: 4, seeds: [1, 2, 3]).rounds == 1)
    }

    @Test func layoutsOfReports() {
        for (ranks, workers, groups) in [(1, 1, 1), (2, 1, 1), (4, 3, 2), (9, 8, 2)] {
            #expect(
                RunLayout(plan(.ova, ranks: ranks, seeds: [1, 2])) == RunLayout(ranks: ranks, workers: workers, groups: groups))
        }
        #expect(RunLayout(plan(.ova, ranks: 3, seeds: [])) == RunLayout(ranks: 3, workers: 2, groups: 0))
    }

    /// Of one or two labels and clusters, where logarithms are least.
    @Test func stepsOfTheFewestLabels() {
        var costs = StepCosts()
        (costs.clustering, costs.product, costs.copy, costs.shortlistReaches) = (1, 1e30, 24, 1)
        // All of it on one worker is a second a label, whatever the tree's depth.
        for clusters in [1, 2, 4, 1024] { #expect(abs(costs.clusters(labels: 8, clusters: clusters, workers: 1) - 8) < 1e-9) }
        // On two workers the first level is one's: half of the labels' time by one, half of it by the levels that follow.
        #expect(abs(costs.clusters(labels: 8, clusters: 2, workers: 2) - (4 + 2)) < 1e-9)
        #expect(abs(costs.clusters(labels: 8, clusters: 4, workers: 2) - (2 + 1 + 2)) < 1e-9)
        // Distinct labels of a batch that draws them at random: L (1 − (1 − 1/L)^(B·pairs)).
        for (labels, pairs, batch) in [(2, 1, 1), (2, 2, 3), (1, 1, 4), (50, 7, 2)] {
            let L = Double(max(labels, 2)), wanted = Double(labels) * (1 - pow(1 - 1 / L, Double(batch * min(pairs, labels))))
            let found = costs.shortlistStep(batch: batch, labels: labels, pairs: pairs, dims: 1)
            #expect(abs(found - wanted) < 1e-9, "\(labels) \(pairs) \(batch): \(found), \(wanted)")
        }
    }

    /// What was not measured of a machine follows from what was.
    @Test func ratesOfThisMachine() {
        let own = StepCosts.measured(), plain = StepCosts(), dense = plain.oneVsAll / own.oneVsAll
        let sparse = own.sparsePass / plain.sparsePass
        func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-9 * abs(b) }
        #expect(own.oneVsAll > 1e8 && own.copy > 1e8 && own.sparsePass > 1e-11)
        #expect(near(own.productSlowness, dense) && near(own.sparseSlowness, sparse))
        #expect(near(own.product, plain.product / dense) && near(own.exactSearch, plain.exactSearch / dense))
        #expect(near(own.graphSearch, plain.graphSearch / sparse) && near(own.clustering, plain.clustering * sparse))
        #expect(near(own.layers, 0.72 * own.product) && own.shortlistReaches == 0.52 && own.sharesMemory)
        for overhead in [\StepCosts.overheadFull, \.overheadFrozen, \.overheadShortlist, \.eachSharing, \.eachSending] {
            #expect(near(own[keyPath: overhead], plain[keyPath: overhead] * dense))
        }
        #expect(plain.sparseSlowness == 1 && plain.productSlowness == 1)
    }

    /// Of features and labels of training and test documents together, rounded up; nothing of nothing.
    @Test func tokensOfADocument() {
        var size = wordNet()
        #expect(size.tokensPerDocument == 11)
        size.storedFeatures = 16_396 * 10 - 1
        #expect(size.tokensPerDocument == 10)
        size.storedFeatures += 1
        #expect(size.tokensPerDocument == 11)
        (size.trainDocuments, size.testDocuments, size.storedFeatures) = (50, 50, 1000)
        #expect(size.tokensPerDocument == 11)
        (size.trainDocuments, size.testDocuments) = (0, 0)
        #expect(size.tokensPerDocument == 0)
    }
}

/// Memory of workers with an encoder that is a stack of layers.
@Suite struct StackMemoryTests {
    /// 255 documents of 11 tokens: 2,805, and 4,499 of the longest batch, by the rule in `WorkerMemory`.
    private static let longest = 4499, batch = 255

    private static var stack: EncoderSize {
        var size = EncoderSize(
            parameters: 7000, readsTokens: true, floatsPerToken: 100, floatsPerDocument: 11, intermediateDims: 48, outputDims: 64)
        (size.sharedFloatsPerToken, size.largestRun) = (13, 3000)
        return size
    }

    private func parts(
        _ learner: any Learner = OneVsAll(), _ encoder: EncoderSize? = stack, workers: Int, threads: Int = 2, labels: Int = 2000,
        size: ProblemSize = wordNet(), _ settings: String...
    ) throws -> [String: Int] {
        var config = Config()
        config.global.useReranker = false
        for setting in settings { try config.set(setting) }
        let costs = learner.costs(LearnerProblem(config: config, size: size, encoder: encoder), rates: StepCosts())
        let parts = costs.worker(WorkerShare(labels: labels, groupSize: workers, threads: threads))
        return Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0.bytes) })
    }

    /// Vectors and gradients of own tokens, what layers keep of them, what the layer at work keeps, columns of all, and documents.
    @Test func tokensOfABatch() throws {
        func vectors(_ workers: Int, _ threads: Int) throws -> Int? {
            try parts(workers: workers, threads: threads)["token vectors of a batch"]
        }
        #expect(try vectors(3, 2) == 4 * (1500 * (900 + 100) + 2 * 562 * 13 + 2 * Self.longest * 100 + 85 * 11))
        #expect(try vectors(1, 16) == 4 * (Self.longest * (900 + 100) + 8 * 562 * 13 + 2 * Self.longest * 300 + Self.batch * 11))
        var known = Self.stack
        known.tokensPerDocument = 1
        // Four documents of one token: a batch of fewer than eight has no block of two.
        #expect(
            try parts(OneVsAll(), known, workers: 1, threads: 1, "extreme.batch_size=4")["token vectors of a batch"]
                == 4 * (13 * (900 + 100) + 1 * 13 + 2 * 13 * 300 + 4 * 11))
        var vectorsAlone = Self.stack
        vectorsAlone.readsTokens = false
        #expect(try parts(OneVsAll(), vectorsAlone, workers: 2)["token vectors of a batch"] == 0)
        #expect(try parts(OneVsAll(), vectorsAlone, workers: 2)["token embeddings"] == 0)
    }

    /// Values and two forms of them, moments (twice in a group), the gradient, and sums of it over blocks of the batch.
    @Test func layers() throws {
        func layers(_ workers: Int, _ threads: Int, _ settings: String..., change: (inout EncoderSize) -> Void = { _ in }) throws
            -> Int?
        {
            var stack = Self.stack
            change(&stack)
            return try parts(OneVsAll(), stack, workers: workers, threads: threads, settings.first ?? "extreme.clip_norm=0")[
                "layers"]
        }
        // Of eight blocks three workers have three at most.
        #expect(try layers(3, 2) == 4 * (21_000 + 4 * 2334 + 2334 + (2 + 3 * 2) * 3000))
        #expect(try layers(3, 1) == 4 * (21_000 + 4 * 2334 + 2334 + (1 + 3 * 2) * 3000))
        #expect(try layers(1, 2) == 4 * (21_000 + 2 * 7000 + 7000 + 7 * 3000))
        #expect(try layers(1, 1) == 4 * (21_000 + 2 * 7000 + 7000 + 3 * 3000))
        #expect(try layers(8, 2) == 4 * (21_000 + 4 * 875 + 875 + (0 + 3 * 1) * 3000))
        #expect(try layers(3, 2) { $0.largestRun = 7000 } == 4 * (21_000 + 4 * 2334 + 2334 + (2 + 1 * 2) * 7000))
        #expect(try layers(3, 2) { $0.needsWholeGradient = true } == 4 * (21_000 + 4 * 2334 + 7000 + (2 + 3 * 2) * 3000))
        #expect(try layers(3, 2, "extreme.clip_norm=0.5") == 4 * (21_000 + 4 * 2334 + 7000 + (2 + 3 * 2) * 3000))
    }

    @Test func classifiersAndTheirTexts() throws {
        #expect(try parts(workers: 3)["classifiers"] == 12 * 2000 * 65)
        #expect(try parts(OneVsAll(), nil, workers: 3)["classifiers"] == 12 * 2000 * 301)
        #expect(
            try parts(OneVsAll(), nil, workers: 3, "extreme.label_text_classifiers=true")["classifiers"]
                == 12 * 2000 * 301 + 8 * 2000 * 300)
    }

    /// An encoder that learns has two sets of lists; documents that are tested are listed with their scores.
    @Test func listsOfShortlists() throws {
        func lists(_ settings: String...) throws -> Int? {
            try parts(ANNS(), nil, workers: 2, "extreme.num_nbrs=20", settings.first ?? "extreme.bias=true")["shortlists"]
        }
        #expect(try lists() == (16 * 6557 + 8 * 1641) * 20)
        #expect(try lists("extreme.freeze_intermediate=true") == (12 * 6557 + 8 * 1641) * 20)
        #expect(try parts(OneVsAll(), nil, workers: 2)["shortlists"] == 0)
    }

    /// Where there are more test documents than training documents, their lists are the larger.
    @Test func listsOfAReRanker() throws {
        func lists(test: Int) throws -> Int? {
            var size = wordNet()
            (size.trainDocuments, size.testDocuments) = (1000, test)
            return try parts(DeepXML(), nil, workers: 2, size: size, "global.use_reranker=true", "reranker.num_nbrs=30")[
                "re-ranker's lists"]
        }
        #expect(try lists(test: 400) == (4 * 500 + 8 * 500) * 30 && lists(test: 600) == (4 * 500 + 16 * 300) * 30)
    }

    @Test func searchesAndBuffers() throws {
        func search(_ encoder: EncoderSize?, _ settings: String...) throws -> Int? {
            try parts(ANNS(), encoder, workers: 2, "extreme.M=7", settings.first ?? "extreme.bias=true")["vectors and graphs"]
        }
        #expect(try search(nil) == (6557 + 2008) * (4 * 300 + 8 * 7))
        #expect(try search(nil, "extreme.label_text_centroids=true") == (6557 + 2 * 2008) * (4 * 300 + 8 * 7))
        #expect(try search(Self.stack) == (6557 + 2008) * (4 * 48 + 8 * 7))
        #expect(try search(Self.stack, "extreme.use_intermediate_for_shorty=false") == (6557 + 2008) * (4 * 64 + 8 * 7))
        #expect(try parts(OneVsAll(), nil, workers: 2)["vectors and graphs"] == 0)
        let buffers = 4 * 255 * 300 * (8 + 2)
        #expect(try parts(OneVsAll(), nil, workers: 2)["batch buffers"] == buffers)
        #expect(try parts(ANNS(), nil, workers: 2, "extreme.num_nbrs=20")["batch buffers"] == buffers + 16 * 255 * 170)
        #expect(try parts(OneVsAll(), nil, workers: 2, threads: 5)["batch buffers"] == 4 * 255 * 300 * 13)
    }

    @Test func columnsOfTheEmbeddings() throws {
        #expect(try parts(workers: 7)["token embeddings"] == 4 * 3 * 12136 * 43)
        let costs = OneVsAll().costs(LearnerProblem(config: Config(), size: wordNet()), rates: StepCosts())
        #expect(
            costs.held(groupSize: 7) == "42–43 columns of the embeddings"
                && costs.held(groupSize: 1) == "300 columns of the embeddings")
        #expect(costs.stages == [PlannedStage("extreme", epochs: 20, steps: 20 * 52)])
    }
}

/// What `plan` says of a data set, against the rows behind it.
@Suite struct ForecastTextTests {
    private func forecast(_ framework: FrameworkName, heldOut: Double? = nil) -> Forecast {
        Forecast(
            framework: framework, config: Config(), size: wordNet(), interconnect: .init(bandwidth: 1e8, latency: 1e-4),
            threads: 2,
            heldOut: heldOut)
    }

    @Test(arguments: [FrameworkName.ova, .dismec, .sparseSlice]) func json(framework: FrameworkName) throws {
        let forecast = forecast(framework, heldOut: 0.25), ranks = [1, 2, 4]
        let value = try JSONValue.parse(Array(forecast.json(ranks: ranks).utf8), name: "x")
        #expect(value["framework"]?.string == framework.rawValue && value["train_documents"]?.integer == 9835)
        #expect(value["validation_documents"]?.integer == 3279 && value["test_documents"]?.integer == 3282)
        #expect(value["features"]?.integer == 12_136 && value["labels"]?.integer == 4015 && value["threads"]?.integer == 2)
        guard case .array(let rows)? = value["ranks"] else {
            Issue.record("no rows")
            return
        }
        #expect(rows.count == 3)
        for (row, ranks) in zip(rows, ranks) {
            let wanted = forecast.row(ranks: ranks)
            #expect(row["ranks"]?.integer == ranks && row["coordinator_bytes"]?.integer == wanted.coordinatorBytes)
            #expect(row["worker_bytes"]?.integer == wanted.workerBytes)
            for (name, number) in [
                ("received_bytes_a_step", wanted.bytesAStep), ("compute_seconds", wanted.computeSeconds),
                ("message_seconds", wanted.messageSeconds), ("seconds", wanted.computeSeconds + wanted.messageSeconds),
                ("efficiency", wanted.efficiency),
            ] { #expect(abs((row[name]?.number ?? -1) - number) <= 1e-9 * abs(number), "\(name)") }
        }
        #expect(
            try JSONValue.parse(Array(self.forecast(framework).json(ranks: [1]).utf8), name: "x")["validation_documents"]?.integer
                == 0)
    }

    @Test func text() {
        let forecast = forecast(.ova), lines = forecast.text(ranks: [1, 3]).split(separator: "\n")
        #expect(lines[0] == "DeepXML-OVA, 13,114 training and 3,282 test documents, 12,136 tokens, 4,015 labels, 300 dimensions")
        let cells = lines.suffix(2).map { $0.split(separator: " ").map(String.init) }
        let one = forecast.row(ranks: 1), three = forecast.row(ranks: 3)
        #expect(cells[0].prefix(2) == ["1", "-"] && cells[1][0] == "3")
        let words = Quantity.bytes(three.coordinatorBytes).split(separator: " ").map(String.init)
        #expect(Array(cells[1][1...2]) == words)
        #expect(lines[lines.count - 2].contains(Quantity.bytes(one.workerBytes)) && lines[lines.count - 2].hasSuffix("100 %"))
        let share = Int((100 * three.efficiency).rounded())
        #expect(lines[lines.count - 1].hasSuffix(" \(share) %") && share < 100)
        #expect(lines[lines.count - 1].contains(Quantity.seconds(three.computeSeconds + three.messageSeconds)))
        #expect(lines[lines.count - 1].contains(Quantity.bytes(Int(three.bytesAStep))))
    }

    /// Of labels that workers do not share evenly, the largest part counts.
    @Test(arguments: [2, 3, 4, 5, 7, 9]) func memoryOfAWorker(ranks: Int) {
        for labels in [4015, 4016, 4017, 4020] {
            let size = wordNet(labels: labels), workers = ranks - 1
            let row = Forecast(
                framework: .ova, config: Config(), size: size, interconnect: .init(bandwidth: 1e8, latency: 1e-4), threads: 3
            )
            .row(ranks: ranks)
            let own = Int((Double(labels) / Double(workers)).rounded(.up))
            let costs = OneVsAll().costs(LearnerProblem(config: Config(), size: size), rates: StepCosts())
            #expect(row.workerBytes == costs.memory(WorkerShare(labels: own, groupSize: workers, threads: 3)).bytes, "\(labels)")
        }
    }

    /// Time of two threads is half of one's; a rank alone coordinates and works.
    @Test func threadsAndRanks() {
        func row(_ threads: Int, ranks: Int) -> Forecast.Row {
            Forecast(
                framework: .dismec, config: Config(), size: wordNet(), interconnect: .init(bandwidth: 1e8, latency: 1e-4),
                threads: threads
            ).row(ranks: ranks)
        }
        #expect(abs(row(1, ranks: 1).computeSeconds / row(2, ranks: 1).computeSeconds - 2) < 1e-9)
        #expect(abs(row(1, ranks: 1).computeSeconds / row(1, ranks: 3).computeSeconds - 2) < 1e-9)
        #expect(row(1, ranks: 2).computeSeconds == row(1, ranks: 1).computeSeconds && row(1, ranks: 1).efficiency == 1)
        #expect(row(1, ranks: 1).bytesAStep == 0 && row(1, ranks: 3).messageSeconds == 0)
    }
}
