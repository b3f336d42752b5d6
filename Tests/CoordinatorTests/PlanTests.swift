import Config
import Coordinator
import Learners
import Messages
import Support
import Testing
import Training

/// WordNetSmall's sizes.
func wordNet(labels: Int = 4015) -> ProblemSize {
    ProblemSize(
        trainDocuments: 13114, testDocuments: 3282, tokens: 12136, labels: labels, dimensions: 300, storedFeatures: 170_000,
        storedLabels: 96000)
}

func makePlan(
    ranks: Int, seeds: [Int], labels: Int = 4015, threads: Int? = nil, cores: Int = 2, available: Int? = 24 << 30,
    framework: FrameworkName = .deepXML, encoder: EncoderSize? = nil, reranker: Bool = true
) -> RunPlan {
    var config = Config()
    config.global.useReranker = reranker
    config.extreme.encoder.isFrozen = framework == .deepXML
    config.global.surrogateThreshold = 1024
    config.extreme.shortlist.length = 500
    return RunPlan(
        worldSize: ranks, seeds: seeds, size: wordNet(labels: labels), config: config, framework: framework, encoder: encoder,
        positives: [Int](repeating: 10, count: labels), threads: threads,
        nodes: [NodeResources(host: "alpha", cores: cores, availableBytes: available, ranks: Array(0..<ranks))])
}

@Suite struct RunPlanTests {
    @Test(arguments: 1...16, 0...5) func groupsShareTheWorkersEvenly(ranks: Int, seeds: Int) {
        let plan = makePlan(ranks: ranks, seeds: Array(0..<seeds))
        #expect(plan.groups.count == (ranks == 1 ? min(seeds, 1) : min(seeds, ranks - 1)))
        let sizes = plan.groups.map(\.workers.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        let workers = plan.groups.flatMap(\.workers)
        #expect(workers + plan.idleRanks == Array((ranks == 1 ? 0 : 1)..<ranks))
        for group in plan.groups { #expect(group.workers == Array(group.workers[0]..<group.workers[0] + group.workers.count)) }
    }

    @Test(arguments: [1, 2, 3, 8, 16], [1, 3, 100, 4015]) func everyGroupHoldsEveryLabelOnce(ranks: Int, labels: Int) {
        let plan = makePlan(ranks: ranks, seeds: [1, 2, 3], labels: labels)
        for group in plan.groups {
            #expect(group.workers.flatMap { Array(plan.labels(ofRank: $0)) } == Array(0..<labels))
        }
        #expect(plan.ranksWithoutLabels.allSatisfy { plan.labels(ofRank: $0).isEmpty })
    }

    @Test func coresAreDividedAmongLocalWorkers() {
        #expect(makePlan(ranks: 3, seeds: [1], cores: 16).threads == [0, 8, 8])
        #expect(makePlan(ranks: 3, seeds: [1], threads: 5).threads == [0, 5, 5])
        #expect(makePlan(ranks: 8, seeds: [1], cores: 2).threads == [0, 1, 1, 1, 1, 1, 1, 1])
        #expect(makePlan(ranks: 1, seeds: [1], cores: 2).threads == [2])
        let size = wordNet()
        let two = RunPlan(
            worldSize: 4, seeds: [1], size: size, config: Config(), positives: [Int](repeating: 1, count: 4015),
            nodes: [
                NodeResources(host: "a", cores: 4, availableBytes: nil, ranks: [0, 1]),
                NodeResources(host: "b", cores: 4, availableBytes: nil, ranks: [2, 3]),
            ])
        #expect(two.threads == [0, 4, 2, 2])
    }

    @Test func lateIdlersAreNamed() {
        let plan = makePlan(ranks: 3, seeds: [1, 2, 3])
        #expect(plan.rounds == 2)
        #expect(plan.ranksIdleInLastRound == [2])
        #expect(RunPlanTests.mentions(plan.warnings, "rank 2 idle"))
        #expect(RunPlanTests.mentions(makePlan(ranks: 4, seeds: []).warnings, "ranks 1–3 idle"))
    }

    private static func mentions(_ lines: [String], _ words: String) -> Bool { lines.contains { $0.contains(words) } }

    @Test func workersBeyondTheShardsAreNamed() {
        let plan = makePlan(ranks: 4, seeds: [1], labels: 3)
        #expect(plan.shards.count == 1)
        #expect(plan.ranksWithoutLabels == [1, 2])
        #expect(RunPlanTests.mentions(plan.warnings, "ranks 1, 2 without labels"))
    }

    @Test func embeddingsAndClassifiersShrinkWithTheGroup() {
        let one = makePlan(ranks: 2, seeds: [1]).memory(ofRank: 1)
        let four = makePlan(ranks: 5, seeds: [1]).memory(ofRank: 1)
        // V·D floats: the frozen encoder's weights; weights and two moments of the re-ranker's (or the surrogate's).
        #expect(part(one, "token embeddings") == 12136 * 300 * 4 * 4)
        #expect(part(four, "token embeddings") == 12136 * 75 * 4 * 4)
        // The extreme classifiers and the re-ranker's.
        #expect(part(one, "classifiers") == 2 * 4015 * 301 * 12)
        #expect(part(four, "classifiers") < part(one, "classifiers") / 3)
        let alone = makePlan(ranks: 2, seeds: [1], reranker: false).memory(ofRank: 1)
        #expect(part(alone, "classifiers") == 4015 * 301 * 12)
    }

    private func part(_ estimate: MemoryEstimate, _ name: String) -> Int { estimate.parts.first { $0.name == name }?.bytes ?? 0 }

    /// What a framework doesn't train is neither counted nor mentioned.
    @Test func frameworksHaveTheirModulesOnly() {
        let ova = makePlan(ranks: 3, seeds: [1], framework: .ova), anns = makePlan(ranks: 3, seeds: [1], framework: .anns)
        let deep = makePlan(ranks: 3, seeds: [1], reranker: false)
        func words(_ plan: RunPlan) -> Set<String> {
            Set(["surrogate", "shortlist", "graphs", "re-ranker", "extreme"].filter { plan.description.contains($0) })
        }
        #expect(words(ova) == ["extreme"])
        #expect(words(anns) == ["extreme", "shortlist", "graphs"])
        #expect(words(deep) == ["extreme", "shortlist", "graphs", "surrogate"])
        #expect(words(makePlan(ranks: 3, seeds: [1])).contains("re-ranker"))
        #expect(part(ova.memory(ofRank: 1), "token embeddings") == 12136 * 150 * 12)
        // The best 100 of each document of a block: as found, as entries, and as messages, eight of which may wait.
        #expect(part(ova.memory(ofRank: 1), "scores on their way") == 512 * 100 * (8 + 16 * 10))
        #expect(part(anns.memory(ofRank: 1), "scores on their way") == 0)
        // Rank 0 merges one list a document, not two.
        #expect(2 * part(ova.memory(ofRank: 0), "scores being merged") == part(anns.memory(ofRank: 0), "scores being merged"))
    }

    @Test func stacksHaveLayersOnEveryWorker() {
        let size = EncoderSize(
            parameters: 1_000_000, readsTokens: true, floatsPerToken: 5000, intermediateDims: 64, outputDims: 64)
        let one = makePlan(ranks: 2, seeds: [1], framework: .ova, encoder: size)
        let four = makePlan(ranks: 5, seeds: [1], framework: .ova, encoder: size)
        // Values and what products read, whole on each; moments and gradient by parts.
        #expect(part(one.memory(ofRank: 1), "layers") >= 4 * 6_000_000)
        #expect(part(four.memory(ofRank: 1), "layers") >= 4 * 3_000_000 + 3 * 1_000_000)
        #expect(part(four.memory(ofRank: 1), "layers") < part(one.memory(ofRank: 1), "layers"))
        #expect(part(one.memory(ofRank: 1), "residual") == 0)
        // The vectors of a batch's tokens are shared out.
        #expect(
            3 * part(four.memory(ofRank: 1), "token vectors of a batch") < part(one.memory(ofRank: 1), "token vectors of a batch")
        )
        // What layers share counts once a thread and block at work, not once a token.
        var sharing = size
        (sharing.floatsPerToken, sharing.sharedFloatsPerToken) = (100, 4900)
        let less = makePlan(ranks: 2, seeds: [1], framework: .ova, encoder: sharing)
        #expect(
            2 * part(less.memory(ofRank: 1), "token vectors of a batch") < part(one.memory(ofRank: 1), "token vectors of a batch")
        )
        #expect(part(one.memory(ofRank: 1), "classifiers") == 4015 * 65 * 12)
        #expect(four.description.contains("1,000,000 floats") && four.description.contains("255×64"))
    }

    /// Each of a stack's parameters meets each token: once forward, twice backward. A batch has eight blocks to share.
    @Test(arguments: [(1.0, 1.0), (2, 2), (8, 8), (16, 8)]) func stacksTakeTheTimeOfTheirProducts(cores: Double, sharers: Double)
    {
        let size = wordNet(), parameters = 10_000_000
        let stack = EncoderSize(
            parameters: parameters, readsTokens: true, floatsPerToken: 5000, intermediateDims: 64, outputDims: 64)
        func seconds(_ encoder: EncoderSize?) -> [String: Double] {
            let costs = OneVsAll().costs(LearnerProblem(config: Config(), size: size, encoder: encoder), rates: StepCosts())
            return .init(uniqueKeysWithValues: costs.stageSeconds(cores: cores).map { ($0.name, $0.seconds) })
        }
        let with = seconds(stack), without = seconds(nil)
        let epochs = Double(Config().extreme.optimisation.epochs), flops = 2 * Double(size.tokensPerDocument * parameters)
        for (stage, passes) in [
            ("extreme", 3 * epochs * Double(size.trainDocuments)), ("prediction", Double(size.testDocuments)),
        ] {
            let expected = passes * flops / StepCosts().layers / sharers
            #expect(abs((with[stage] ?? 0) - (without[stage] ?? 0) - expected) < 1e-9 * expected)
        }
    }

    @Test func denseFeaturesHaveNoEmbeddings() {
        let size = EncoderSize(
            parameters: 1000, readsTokens: false, floatsPerToken: 0, intermediateDims: 300, outputDims: 300)
        let plan = makePlan(ranks: 3, seeds: [1], framework: .anns, encoder: size)
        #expect(!plan.description.contains("token") && !plan.description.contains("embeddings"))
        #expect(plan.description.contains("12,136 features"))
    }

    /// Linear learners on the features themselves have no vectors; Slice has.
    @Test func onlyVectorsHaveDimensions() {
        func overview(_ framework: FrameworkName) -> String {
            let plan = makePlan(ranks: 3, seeds: [1], framework: framework).description
            let interconnect = Forecast.Interconnect(bandwidth: 1e9, latency: 0)
            let forecast = Forecast(framework: framework, config: Config(), size: wordNet(), interconnect: interconnect)
            let heading = forecast.text(ranks: [1]).prefix { $0 != "\n" }
            return plan.split(separator: "\n")[2] + "; " + heading
        }
        for framework in [FrameworkName.dismec, .sparseSlice] {
            let text = overview(framework)
            #expect(
                text.contains(" 12,136 features, 4,015 labels; \(framework), ")
                    && text.hasSuffix(" 12,136 features, 4,015 labels"))
        }
        #expect(overview(.slice).hasSuffix(" 12,136 tokens, 4,015 labels, 300 dimensions"))
        #expect(overview(.ova).contains(" 12,136 tokens, 4,015 labels, 300 dimensions; "))
    }

    /// A learner's time is that of its group's cores: of two groups on four cores, two each.
    @Test func aLearnerTakesTheCoresOfItsGroup() {
        func line(_ framework: FrameworkName, ranks: Int, seeds: [Int], cores: Int) -> String {
            let plan = makePlan(ranks: ranks, seeds: seeds, cores: cores, framework: framework).description
            return plan.split(separator: "\n").first { $0.contains("a learner on") }.map(String.init) ?? ""
        }
        let two = line(.dismec, ranks: 3, seeds: [1], cores: 2)
        #expect(two.hasSuffix(" s a learner on 2 cores"))
        #expect(line(.dismec, ranks: 3, seeds: [1, 2], cores: 4) == two)
        #expect(line(.dismec, ranks: 3, seeds: [1, 2], cores: 2).hasSuffix(" s a learner on 1 core"))
        #expect(line(.sparseSlice, ranks: 1, seeds: [1], cores: 2).contains(" s a learner on 2 cores (shortlists "))
        #expect(line(.ova, ranks: 2, seeds: [1, 2], cores: 2).hasSuffix(" in all"))
    }

    /// 13,114 documents list 80 labels each, 4 bytes an entry; a weight has 8 bytes beside its table.
    @Test func linearLearnersHoldWhatWasCounted() {
        func parts(_ counts: DataCounts, workers: Int, labels: Int) -> [MemoryEstimate.Part] {
            let problem = LearnerProblem(config: Config(), size: wordNet(), counts: counts)
            return SparseSlice().costs(problem, rates: StepCosts()).worker(
                WorkerShare(labels: labels, groupSize: workers, threads: 3))
        }
        let few = DataCounts(meanEntries: 1000, weights: 10_000, tableBytes: 240_000)
        let many = DataCounts(meanEntries: 1000, weights: 10_000_000, tableBytes: 230_000_001)
        #expect(
            parts(few, workers: 2, labels: 2000) == [
                .init("label means", 16_000), .init("shortlists", 16 * 524_560),
                .init("figures of labels", 52 * 4015 + 24 * 2000), .init("solvers", 3 * 20 * 12136),
            ])
        #expect(parts(few, workers: 1, labels: 4015)[1] == .init("shortlists", 8 * 13114 * 80))
        // Of two workers each has half, or a larger part of the labels; one without labels has none.
        #expect(parts(many, workers: 2, labels: 2000)[1] == .init("classifiers", 155_000_001))
        #expect(parts(many, workers: 2, labels: 4015)[1] == .init("classifiers", 310_000_001))
        #expect(parts(many, workers: 2, labels: 0)[1] == .init("shortlists", 16 * 524_560))
    }

    @Test func aPlanTakesWhatWasCounted() {
        for (framework, name) in [(FrameworkName.sparseSlice, "label means"), (.dismec, "classifiers")] {
            var plan = makePlan(ranks: 1, seeds: [1], framework: framework)
            let assumed = part(plan.memory(ofRank: 0), name)
            plan.counts = DataCounts(meanEntries: 7_000_000, weights: 7_000_000)
            #expect(part(plan.memory(ofRank: 0), name) == 16 * 7_000_000 && assumed != 16 * 7_000_000 && assumed > 0)
        }
    }

    @Test func tooLittleMemoryIsAFailureThatNamesTheNode() throws {
        try makePlan(ranks: 3, seeds: [1]).checkMemory()
        try makePlan(ranks: 3, seeds: [1], available: nil).checkMemory()
        let failure = #expect(throws: Failure.self) {
            try makePlan(ranks: 3, seeds: [1], available: 100 << 20).checkMemory()
        }
        #expect(failure?.code == .outOfResources && failure?.place == "alpha")
        #expect(failure?.found == "100 MiB available")
    }

    @Test func thisNodeHasCoresAndMemory() {
        let node = NodeResources.current(host: "here", ranks: [0])
        #expect(node.cores >= 1)
        #expect((node.availableBytes ?? 1) > 0)
    }

    @Test func controlGroupsLimitCores() {
        func cores(_ quota: String?) -> Int { NodeResources.cores(online: 4) { $0.hasSuffix("cpu.max") ? quota : nil } }
        #expect(NodeResources.cores(online: 1) { _ in nil } == 1 && NodeResources.cores(online: -1) { _ in nil } == 1)
        #expect(
            [nil, "max 100000", "150000 100000", "1000 100000", "900000 100000", "5", "5 0"].map(cores) == [4, 4, 2, 1, 4, 4, 4])
        // What the control group leaves is `ControlGroup`'s; here it can only be less than what the system says.
        let system = "MemTotal: 9 kB\nMemAvailable:    3 kB\nSwapFree: 1 kB"
        #expect(NodeResources.memory { $0.hasSuffix("meminfo") ? system : nil } == 3072)
    }

    @Test func theMappedDataAreCountedOnce() {
        let offsets = 8 * (3 * 13114 + 3 * 3282 + 2 * 4015)
        #expect(wordNet().mappedBytes == 8 * 170_000 + 8 * 96_000 + offsets + 8 * 4015)
    }

    /// Shares are rounded up; one process that is both coordinator and worker is one program.
    @Test func partsOfAWorkerAreItsShare() {
        func part(_ ranks: Int, _ name: String) -> [Int] {
            makePlan(ranks: ranks, seeds: [1]).memory(ofRank: ranks == 1 ? 0 : 1).parts.filter { $0.name == name }.map(\.bytes)
        }
        // Of training and test documents.
        #expect(part(3, "shortlists") == [(12 * 6557 + 16 * 1641) * 500])
        #expect(part(4, "shortlists") == [(12 * 4372 + 16 * 1094) * 500])
        #expect(part(3, "re-ranker's lists") == [12 * 6557 * Config().reranker.shortlist.length])
        let M = 8 * Config().extreme.shortlist.M
        #expect(part(3, "vectors and graphs") == [(6557 + 2008) * (1200 + M)])
        #expect(part(4, "vectors and graphs") == [(4372 + 1339) * (1200 + M)])
        #expect(part(1, "program") == [64 << 20] && part(1, "labels") == [32 * 4015])
        // Three lists: of the classifiers, the shortlist and the re-ranker.
        let both = makePlan(ranks: 1, seeds: [1, 2]).memory(ofRank: 0)
        #expect(self.part(both, "scores being measured") == 3282 * 100 * 8 * 12)
        // Of one learner, when it is trained.
        #expect(part(1, "scores being measured") == [])
        #expect(part(1, "scores that arrive") == [3 * 16 * 512 * 100])
        #expect(part(1, "where documents' scores begin") == [8 * 3283 * 2 * 3])
        #expect(part(1, "residual") == [2 * 16 * 300 * 300] && part(1, "scores being merged") == [8 * 512 * 100 * 16])
    }

    @Test(arguments: [(0, 3), (1, 3), (2, 3), (3, 2), (4, 1), (20, 1)])
    func partitionsMakeLargerGroups(partitions: Int, groups: Int) {
        var config = Config()
        config.extreme.classifier.partitions = partitions
        let plan = RunPlan(
            worldSize: 8, seeds: [1, 2, 3], size: wordNet(), config: config, positives: [Int](repeating: 1, count: 4015),
            nodes: [NodeResources(host: "a", cores: 7, availableBytes: nil, ranks: Array(0..<8))])
        #expect(plan.groups.count == groups)
        #expect(plan.labels(ofRank: 0).isEmpty && plan.labels(ofRank: 1).count > 0)
        #expect(!plan.warnings.contains { $0.contains("take turns") })
    }

    @Test func theDescriptionIsAPage() {
        #expect(makePlan(ranks: 8, seeds: [108, 666, 786]).description == goldenPlan)
    }
}

@Suite struct LabelShardsTests {
    @Test(arguments: [
        (0, 1), (1, 1), (127, 1), (128, 2), (255, 2), (256, 4), (1024, 16), (4015, 32), (4096, 64), (3_000_000, 64),
    ])
    func theCountDependsOnLAlone(labels: Int, count: Int) {
        #expect(LabelShards.virtualShards(labels: labels) == count)
        #expect(LabelShards.cut(positives: [Int](repeating: 3, count: labels)).count == count)
    }

    @Test func shardsAreBalancedByCost() {
        // A power law, most popular first, as in real data.
        let positives = (0..<8192).map { 1 + 20000 / ($0 + 1) }
        let shards = LabelShards.cut(positives: positives)
        let mean = Double(positives.reduce(0, +)) / 8192
        let costs = (0..<shards.count).map { v in
            shards.labels(ofShard: v).reduce(0.0) { $0 + 1 + Double(positives[$1]) / mean }
        }
        let heaviest = positives.map { 1 + Double($0) / mean }.max() ?? 0
        let share = costs.reduce(0, +) / Double(shards.count)
        #expect((costs.max() ?? 0) <= max(share * 1.1, heaviest) + 1)
        #expect(shards.bounds.first == 0 && shards.bounds.last == 8192)
        #expect((0..<shards.count).allSatisfy { !shards.labels(ofShard: $0).isEmpty })
    }

    @Test(arguments: [0, 5, 500, 511]) func oneGiantLabelLeavesNoShardEmpty(giant: Int) {
        var costs = [Double](repeating: 0, count: 512)
        costs[giant] = 1
        let shards = LabelShards.cut(costs: costs)
        #expect(shards.count == 8)
        #expect((0..<8).allSatisfy { !shards.labels(ofShard: $0).isEmpty })
    }

    @Test(arguments: 1...70) func runsAreEvenAndCoverAll(workers: Int) {
        let shards = LabelShards.cut(costs: [Double](repeating: 1, count: 4015))
        let runs = (0..<workers).map { shards.shards(ofWorker: $0, workers: workers) }
        #expect(runs.flatMap { Array($0) } == Array(0..<32))
        let sizes = runs.map(\.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        for label in stride(from: 0, to: 4015, by: 97) {
            let owner = shards.worker(ofLabel: label, workers: workers)
            #expect(shards.labels(ofWorker: owner, workers: workers).contains(label))
        }
    }
}
