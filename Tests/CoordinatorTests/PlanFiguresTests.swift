import Config
import Coordinator
import Learners
import Messages
import Support
import Testing
import Training

/// Bytes and times of plans, each against its rule.
@Suite struct PlanFiguresTests {
    private func costs(
        _ learner: any Learner, _ config: Config = Config(), size: ProblemSize = wordNet(), encoder: EncoderSize? = nil
    )
        -> any LearnerCosts
    {
        learner.costs(LearnerProblem(config: config, size: size, encoder: encoder), rates: StepCosts())
    }

    /// V·D floats of each file of token embeddings; none of a learner that starts at random.
    @Test func filesOfEmbeddingsAreMapped() throws {
        let file = 4 * 12136 * 300
        #expect(costs(DeepXML()).mappedBytes == file)
        var config = Config()
        for section in ["surrogate", "extreme", "reranker"] { try config.set("\(section).init=random") }
        #expect(costs(OneVsAll(), config).mappedBytes == 0)
        try config.set("extreme.init=token_embeddings")
        try config.set("extreme.embeddings=other.npy")
        #expect(costs(OneVsAll(), config).mappedBytes == file)
        let plan = makePlan(ranks: 2, seeds: [1]), ranks = plan.memory(ofRank: 0).bytes + plan.memory(ofRank: 1).bytes
        #expect(plan.bytes(onNode: plan.nodes[0]) == ranks + wordNet().mappedBytes + file)
    }

    /// B·T·D floats there and back, of which each worker's tokens need its share; 255 documents of 10 + 1 tokens.
    @Test func messagesOfAStep() {
        let encoder = EncoderSize(
            parameters: 7000, readsTokens: true, floatsPerToken: 100, intermediateDims: 64, outputDims: 64)
        let size = wordNet(), batch = Config().extreme.optimisation.batchSize, tokens = batch * size.tokensPerDocument
        #expect(tokens == batch * 11)
        let messages = costs(OneVsAll(), encoder: encoder).messages(groupSize: 3)
        #expect(messages.map(\.bytes) == [2 * 4 * tokens * 300 / 3, 8 * 7000, 4 * batch * 64, 4 * batch * 64])
        var sending = StepCosts()
        sending.sharesMemory = false
        let own = OneVsAll().costs(LearnerProblem(config: Config(), size: size), rates: sending).messages(groupSize: 3)
        #expect(own.map(\.bytes) == [8 * batch * 300, 4 * batch * 300, 4 * 300 * 300])
    }

    /// Vectors and links of documents and labels; labels twice where they have texts to be found by, too.
    @Test func searches() throws {
        func graphs(_ settings: String...) throws -> Int {
            var config = Config()
            for setting in ["global.use_reranker=false", "extreme.M=7"] + settings { try config.set(setting) }
            let parts = costs(ANNS(), config).worker(WorkerShare(labels: 2008, groupSize: 2, threads: 1))
            return parts.first { $0.name == "vectors and graphs" }?.bytes ?? 0
        }
        #expect(try graphs() == (6557 + 2008) * (4 * 300 + 8 * 7))
    }

    /// A worker's part of a thing that belongs to labels: of one label, all is one worker's.
    @Test func aPartOfOneLabel() {
        var size = wordNet(labels: 1)
        size.storedLabels = 1
        func classifiers(_ labels: Int, workers: Int) -> Int {
            let problem = LearnerProblem(config: Config(), size: size, counts: DataCounts(meanEntries: 1, weights: 1000))
            let parts = DiSMEC().costs(problem, rates: StepCosts()).worker(
                WorkerShare(labels: labels, groupSize: workers, threads: 1))
            return parts.first { $0.name == "classifiers" }?.bytes ?? -1
        }
        #expect(classifiers(1, workers: 1) == 16_000 && classifiers(1, workers: 4) == 16_000 && classifiers(0, workers: 4) == 0)
    }

    /// What is measured last, in the memory that a worker has had, counts where it is more than that.
    @Test func whatIsHeldLaterCountsWhereItIsMore() {
        func estimate(_ bytes: Int...) -> MemoryEstimate {
            MemoryEstimate(
                parts: bytes.enumerated().map { .init($0.offset == 0 ? "later" : "part", $0.element) } + [MemoryEstimate.program])
        }
        let other = MemoryEstimate(parts: [.init("worker", 100), MemoryEstimate.program])
        #expect(
            estimate(100, 5).without("later", ifLessThan: other)
                == MemoryEstimate(parts: [.init("part", 5), MemoryEstimate.program]))
        #expect(estimate(101, 5).without("later", ifLessThan: other) == estimate(101, 5))
        #expect(estimate(7, 5).without("none", ifLessThan: other) == estimate(7, 5))
    }

    @Test func validationsOfAModule() {
        func times(_ epochs: Int, every: Int) -> Int { PlannedValidation(documents: 1, every: every).times(epochs: epochs) }
        #expect(times(6, every: 1) == 6 && times(6, every: 2) == 3 && times(7, every: 2) == 4 && times(3, every: 10) == 1)
        var size = wordNet()
        let validation = PlannedValidation(documents: size.testDocuments * 2), dismec = costs(DiSMEC(), size: size)
        let once = dismec.stageSeconds(cores: 2).last?.seconds ?? 0
        #expect(dismec.seconds(of: validation, cores: 2) == 2 * once)
        size.testDocuments = 1
        let one = costs(OneVsAll(), size: size), last = one.stageSeconds(cores: 2).last?.seconds ?? 0
        #expect(last > 0 && one.predictionSeconds(documents: 7, cores: 2) == 7 * last)
        size.testDocuments = 0
        #expect(costs(DiSMEC(), size: size).seconds(of: validation, cores: 2) == 0)
    }

    private func gpu(_ index: Int, free: Int?) -> GPUDescription {
        GPUDescription(
            driver: .cuda, index: index, name: "H200", version: "12.8", totalBytes: 1 << 37, freeBytes: free, identity: "\(index)"
        )
    }

    /// Workers that share a device need its memory together; each has its model and the data set there.
    @Test func memoryOfADevice() throws {
        func failure(_ devices: [GPUDescription], ranks: Int = 3) -> Failure? {
            var plan = makePlan(ranks: ranks, seeds: [1])
            let visible = [VisibleGPUs](repeating: VisibleGPUs(devices: devices), count: ranks)
            do {
                _ = try plan.choose(.gpu, visible)
                try plan.checkDeviceMemory()
                return nil
            } catch { return error as? Failure }
        }
        let plan = makePlan(ranks: 3, seeds: [1])
        let one = plan.memory(ofRank: 1).bytes + wordNet().mappedBytes, two = plan.memory(ofRank: 2).bytes + wordNet().mappedBytes
        let shared = failure([gpu(0, free: one + two - 1)])
        #expect(shared?.code == .outOfResources && shared?.expected.hasSuffix("for ranks 1, 2") == true)
        #expect(failure([gpu(0, free: one + two)]) == nil)
        #expect(failure([gpu(0, free: max(one, two)), gpu(1, free: max(one, two))]) == nil)
        #expect(failure([gpu(0, free: max(one, two)), gpu(1, free: two - 1)])?.expected.hasSuffix("for rank 2") == true)
        #expect(failure([gpu(0, free: nil)]) == nil)
    }

    /// SparseSlice is named where it takes less than a third of ten minutes or more.
    @Test func aFasterFrameworkIsNamed() {
        func hint(_ framework: FrameworkName, documents: Int) -> Bool {
            var config = Config()
            config.global.useReranker = false
            var size = wordNet(labels: 100_000)
            (size.trainDocuments, size.storedFeatures, size.storedLabels) = (documents, 10 * documents, 5 * documents)
            let plan = RunPlan(
                worldSize: 1, seeds: [1], size: size, config: config, framework: framework,
                positives: [Int](repeating: 1, count: 100_000),
                nodes: [NodeResources(host: "alpha", cores: 2, availableBytes: nil, ranks: [0])])
            return plan.description.contains("SparseSlice would take about")
        }
        #expect(hint(.ova, documents: 500_000) && !hint(.ova, documents: 100) && !hint(.sparseSlice, documents: 500_000))
    }
}
