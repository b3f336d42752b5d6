import Config
import Coordinator
import Datasets
import Learners
import Messages
import Support
import Testing

/// What `--validation` adds to a plan's memory and time.
@Suite struct PlannedValidationTests {
    private static let documents = 2000, labels = 4015, topK = Config().global.topK

    private func plan(
        _ framework: FrameworkName, ranks: Int = 2, seeds: [Int] = [1], documents: Int = documents, weighed: Int = 0
    ) -> RunPlan {
        var plan = makePlan(ranks: ranks, seeds: seeds, framework: framework)
        plan.validation = PlannedValidation(documents: documents, weighed: weighed)
        return plan
    }

    private func parts(_ plan: RunPlan, rank: Int) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: plan.memory(ofRank: rank).parts.map { ($0.name, $0.bytes) })
    }

    /// Parts that a plan has and the same without validation has not, or less of, with the difference.
    private func added(_ plan: RunPlan, rank: Int) -> [String: Int] {
        var without = plan
        without.validation = nil
        return parts(plan, rank: rank).merging(parts(without, rank: rank)) { $0 - $1 }.filter { name, bytes in
            bytes != 0
                && (parts(without, rank: rank)[name] == nil || parts(plan, rank: rank)[name] != parts(without, rank: rank)[name])
        }
    }

    /// Bytes of one list of all documents; of 512 documents' entries as they are sent and as they are read; of propensities.
    private static let list = 8 * documents * topK, beside = 512 * topK * 16 * 2 + 8 * labels

    @Test func aLeaderHoldsItsScoresAndTheirSum() {
        // Blocks and the whole of one list, and what it is measured by; two lists with two of their parts and a sum of both; three.
        #expect(added(plan(.ova), rank: 1) == ["validation's scores": 3 * Self.list + Self.beside])
        #expect(
            added(plan(.anns, ranks: 4), rank: 1) == [
                "validation's scores": 8 * Self.list + Self.beside, "validation's shortlists": 16 * 667 * 500,
            ])
        let reranked = Config().reranker.shortlist.length
        #expect(
            added(plan(.deepXML), rank: 1) == [
                "validation's scores": 10 * Self.list + Self.beside, "validation's shortlists": 16 * 2000 * (500 + reranked),
            ])
        // Few documents make one small block.
        #expect(
            added(plan(.ova, documents: 100), rank: 1) == [
                "validation's scores": 8 * 100 * Self.topK * 3 + 100 * Self.topK * 32 + 8 * Self.labels
            ])
    }

    @Test func noListIsLongerThanTheShortlist() throws {
        var config = Config()
        config.global.useReranker = false
        try config.set("extreme.num_nbrs=20")
        let problem = LearnerProblem(config: config, size: wordNet())
        let parts = ANNS().costs(problem, rates: StepCosts()).worker(
            PlannedValidation(documents: 512), WorkerShare(labels: 4015, groupSize: 1, threads: 1))
        #expect(parts.map(\.bytes) == [8 * 512 * 20 * 8 + 512 * 20 * 32 + 8 * 4015, 16 * 512 * 20])
    }

    @Test func linearLearnersAreMeasuredByTheCoordinator() {
        #expect(added(plan(.dismec), rank: 1).isEmpty && added(plan(.sparseSlice), rank: 1).isEmpty)
        let slice = SliceSettings()
        #expect(added(plan(.slice, ranks: 3), rank: 1) == ["validation's vectors": 4 * 2000 * 304 + 8 * 1000 * slice.numNbrs])
    }

    @Test func theCoordinatorHoldsWhereScoresBeginAndWhatIsWeighed() {
        // Two groups: two learners at a time, and the ensemble.
        #expect(added(plan(.ova, ranks: 3, seeds: [1, 2]), rank: 0) == ["where documents' scores begin": 8 * 2000 * 3])
        #expect(
            added(plan(.anns, ranks: 3, seeds: [1, 2], weighed: 2), rank: 0) == [
                "where documents' scores begin": 8 * 2000 * 3 * 2, "ensembles being weighed": 2 * 4 * 2 * Self.list,
            ])
        // More of them than test documents, of which there are fewer than a block has.
        let lists = ScoreLists(),
            size = ProblemSize(
                trainDocuments: 9000, testDocuments: 10, tokens: 50, labels: 300, dimensions: 16, storedFeatures: 0,
                storedLabels: 0)
        func coordinator(_ documents: Int) -> [String: Int] {
            let estimate = MemoryEstimate.coordinator(
                atATime: 1, size: size, topK: 5, lists: lists, validation: PlannedValidation(documents: documents))
            return Dictionary(uniqueKeysWithValues: estimate.parts.map { ($0.name, $0.bytes) })
        }
        #expect(coordinator(100)["scores being merged"] == 8 * 100 * 5 * 8)
        #expect(coordinator(100)["scores that arrive"] == 3 * 16 * 100 * 5)
        #expect(coordinator(100)["scores being measured"] == 100 * 5 * 8 * 8)
        #expect(coordinator(4)["scores that arrive"] == 3 * 16 * 10 * 5)
    }

    @Test func itsDocumentsAreMapped() {
        var plan = makePlan(ranks: 2, seeds: [1])
        let node = plan.nodes[0], before = plan.bytes(onNode: node) - plan.memory(ofRank: 0).bytes - plan.memory(ofRank: 1).bytes
        plan.validation = PlannedValidation(documents: 10, mappedBytes: 12345)
        let after = plan.bytes(onNode: node) - plan.memory(ofRank: 0).bytes - plan.memory(ofRank: 1).bytes
        #expect(after == before + 12345)
        // Three documents: four features with values, two labels, a pair that is left out; four offsets each.
        let held = HeldOutDocuments(
            features: CSRMatrix(cols: 9, rows: [[(0, 1), (3, 2)], [(5, 1)], [(8, 1)]]),
            labels: CSRMatrix(cols: 4, rows: [[(1, 1)], [], [(2, 1)]], binary: true),
            filter: CSRMatrix(cols: 4, rows: [[], [(0, 1)], []], binary: true), isCut: true)
        #expect(held.mappedBytes == 8 * 4 + 4 * 3 + 3 * 8 * 4)
    }

    /// What is tuned is planned: each weight that is tried, and learners whose weights are compared, where there are several.
    @Test func whatIsTunedIsPlanned() {
        let rows = CSRMatrix(cols: 9, rows: [[(0, 1)], [(1, 1)]]),
            labels = CSRMatrix(cols: 4, rows: [[(1, 1)], []], binary: true)
        let held = HeldOutDocuments(features: rows, labels: labels, filter: labels, isCut: true)
        func planned(_ tuned: Set<TunedSetting>, learners: Int, every: Int = 1) -> PlannedValidation {
            var options = ValidationOptions(source: .part(0.1, seed: 0))
            (options.tuned, options.every) = (tuned, every)
            return PlannedValidation(held, options, learners: learners)
        }
        #expect(planned([], learners: 3, every: 4) == PlannedValidation(documents: 2, every: 4, mappedBytes: held.mappedBytes))
        for (learners, weighed) in [(1, 0), (2, 2), (3, 3)] {
            #expect(
                planned([.ensembleWeights], learners: learners).weighed == weighed
                    && planned([.beta], learners: learners).weighed == 0)
        }
        #expect(
            planned([.propensityWeight], learners: 1).trials == 12 && planned([.beta, .ensembleWeights], learners: 2).trials == 0)
    }

    /// A learner is measured after its epochs, once for each value that is tried, and once at its end; what follows an encoder that
    /// learns is searched anew each time.
    @Test(arguments: [FrameworkName.ova, .anns, .deepXML]) func timesOfModules(framework: FrameworkName) throws {
        for isFrozen in [false, true] {
            var config = Config()
            config.global.useReranker = framework == .deepXML
            for setting in ["extreme.num_epochs=7", "reranker.num_epochs=5", "extreme.freeze_intermediate=\(isFrozen)"] {
                try config.set(setting)
            }
            let costs = framework.learner.costs(LearnerProblem(config: config, size: wordNet()), rates: StepCosts())
            func seconds(every: Int = 1, trials: Int = 0, documents: Int = 1641) -> Double {
                costs.seconds(of: PlannedValidation(documents: documents, every: every, trials: trials), cores: 2)
            }
            func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-9 * max(abs(a), abs(b)) }
            let once = (costs.stageSeconds(cores: 2).last?.seconds ?? 0) / 2, trial = seconds(trials: 1) - seconds()
            let searched = framework != .ova && !isFrozen, reranked = framework == .deepXML ? 1.0 : 0
            #expect(searched ? trial > 1.5 * once : near(trial, once), "\(trial) \(once)")
            #expect(near(seconds(), 7 * trial + (reranked * 5 + 1) * once) && near(seconds(trials: 4), seconds() + 4 * trial))
            #expect(near(seconds(every: 2), 4 * trial + (reranked * 3 + 1) * once))
            if !searched { #expect(near(seconds(documents: 3282), 2 * seconds())) }
            if searched {
                // One search is that of the plan's shortlists of an encoder that does not learn.
                var fixed = config
                try fixed.set("extreme.freeze_intermediate=true")
                let stages = framework.learner.costs(LearnerProblem(config: fixed, size: wordNet()), rates: StepCosts())
                    .stageSeconds(cores: 2)
                let search = stages.first { $0.name == "shortlists" }?.seconds ?? 0
                #expect(near(trial, once + search), "\(trial) \(once) \(search)")
            }
        }
    }

    @Test(arguments: [FrameworkName.ova, .anns, .deepXML, .dismec])
    func aForecastKnowsIt(framework: FrameworkName) {
        func forecast(_ documents: Int, _ heldOut: Double?) -> Forecast {
            let size = ProblemSize(
                trainDocuments: documents, testDocuments: 250, tokens: 500, labels: 300, dimensions: 64, storedFeatures: 0,
                storedLabels: 0)
            let interconnect = Forecast.Interconnect(bandwidth: 1e9, latency: 0)
            return Forecast(framework: framework, config: Config(), size: size, interconnect: interconnect, heldOut: heldOut)
        }
        let held = forecast(1000, 0.25), rest = forecast(750, nil)
        for ranks in [1, 4] {
            let row = held.row(ranks: ranks), plain = rest.row(ranks: ranks)
            #expect(row.computeSeconds > plain.computeSeconds && row.messageSeconds == plain.messageSeconds)
            #expect(row.coordinatorBytes > plain.coordinatorBytes)
            #expect((row.workerBytes > plain.workerBytes) == (framework != .dismec || ranks == 1))
        }
        // Of as many documents as the test documents, a linear learner's are scored once more.
        #expect(held.text(ranks: [1]).contains("750 training, 250 validation and 250 test documents"))
        #expect(rest.text(ranks: [1]).contains("750 training and 250 test documents"))
        #expect(held.json(ranks: [1]).contains("\"validation_documents\": 250"))
    }
}
