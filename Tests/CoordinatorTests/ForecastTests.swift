import Config
import Coordinator
import Datasets
import Foundation
import Learners
import Testing
import Training

/// Figures of DESIGN.md's step costs, worked out apart from the program, at rates that make every term count.
@Suite struct ForecastTests {
    private static let costs: StepCosts = {
        var costs = StepCosts()
        (costs.oneVsAll, costs.product, costs.copy, costs.shortlistReaches) = (8e9, 9e9, 3e9, 0.5)
        (costs.exactSearch, costs.graphSearch) = (7e9, 5e8)
        (costs.overheadFull, costs.overheadFrozen, costs.overheadShortlist) = (2e-5, 1e-5, 3e-5)
        // What ranks of one node share is of no effect: an interconnect lies between them.
        (costs.eachSending, costs.eachSharing, costs.clustering) = (2e-6, 9e-6, 5e-5)
        return costs
    }()

    private func size(labels: Int = 700) -> ProblemSize {
        ProblemSize(
            trainDocuments: 1000, testDocuments: 500, tokens: 2000, labels: labels, dimensions: 200, storedFeatures: 30000,
            storedLabels: 4000)
    }

    private func row(
        _ framework: FrameworkName, ranks: Int, labels: Int = 700, costs: StepCosts = Self.costs, _ settings: [String] = []
    ) throws -> Forecast.Row {
        var config = Config()
        config.global.surrogateThreshold = 128
        (config.surrogate.optimisation.epochs, config.surrogate.optimisation.batchSize) = (3, 100)
        (config.extreme.optimisation.epochs, config.extreme.optimisation.batchSize) = (4, 120)
        (config.reranker.optimisation.epochs, config.reranker.optimisation.batchSize, config.reranker.shortlist.length) = (
            2, 90, 40
        )
        (
            config.extreme.shortlist.length, config.extreme.shortlist.M, config.extreme.shortlist.efC,
            config.extreme.shortlist.efS
        ) = (50, 7, 30, 20)
        for setting in settings { try config.set(setting) }
        let interconnect = Forecast.Interconnect(bandwidth: 1e6, latency: 1e-3)
        return Forecast(
            framework: framework, config: config, size: size(labels: labels), interconnect: interconnect, rates: costs
        )
        .row(ranks: ranks)
    }

    private func expect(_ found: Double, _ wanted: Double, _ place: SourceLocation = #_sourceLocation) {
        #expect(abs(found - wanted) < 1e-9 * wanted, "\(found), wanted \(wanted)", sourceLocation: place)
    }

    @Test func sizesOfADataSet() throws {
        let folder = NSTemporaryDirectory() + "forecast-tests-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in [
            ("trn_X_Xf", "3 5\n0:1 2:1\n1:1 4:1\n3:1\n"), ("trn_X_Y", "3 4\n0:1\n1:1 3:1\n2:1\n"),
            ("tst_X_Xf", "2 5\n0:1 1:1 2:1\n4:1\n"), ("tst_X_Y", "2 4\n0:1 1:1\n3:1\n"),
        ] {
            try text.write(toFile: "\(folder)/\(name).txt", atomically: true, encoding: .utf8)
        }
        let size = ProblemSize(try XCDataset.load(files: XCDatasetFiles(folder: folder), threads: 1), dimensions: 8)
        #expect(
            size
                == ProblemSize(
                    trainDocuments: 3, testDocuments: 2, tokens: 5, labels: 4, dimensions: 8, storedFeatures: 9, storedLabels: 7))
    }

    /// 2·D flop a test document and label that is scored: of its shortlist, or of all.
    private static let scoring = 1 / 700.0, scoringOfAll = 0.02

    @Test func computingSeconds() throws {
        expect(try row(.deepXML, ranks: 1).computeSeconds, 0.607802379739506 + Self.scoring)
        expect(try row(.deepXML, ranks: 9).computeSeconds, 0.08641279746743825 + Self.scoring / 8)
        expect(try row(.ova, ranks: 2).computeSeconds, 0.45555555555555555 + Self.scoringOfAll)
        expect(try row(.ova, ranks: 9).computeSeconds, 0.060055555555555556 + Self.scoringOfAll / 8)
    }

    @Test("ANNS: a graph of the first epoch and one of the last, those between, or one of an encoder that does not learn")
    func searches() throws {
        expect(try row(.anns, ranks: 9, ["extreme.retrain_hnsw_after=3"]).computeSeconds, 0.09108730158730158 + Self.scoring / 8)
        expect(
            try row(.anns, ranks: 9, ["extreme.update_shortlist=false"]).computeSeconds, 0.07287301587301587 + Self.scoring / 8)
        expect(
            try row(.anns, ranks: 9, ["extreme.freeze_intermediate=true"]).computeSeconds, 0.05021428571428571 + Self.scoring / 8)
    }

    @Test("the cheaper of exact search and graph; many labels, of which a batch meets a part")
    func bounds() throws {
        var graphs = Self.costs
        graphs.graphSearch = 5e12
        expect(try row(.deepXML, ranks: 9, costs: graphs).computeSeconds, 0.0682141137549467 + Self.scoring / 8)
        expect(
            try row(.anns, ranks: 9, labels: 50000, ["extreme.freeze_intermediate=true"]).computeSeconds,
            0.8059082903529807 + Self.scoring / 8)
    }

    /// 90 steps of 10, 9 and 12 a module and epoch: 3 of 4 floats come from others, of z, ∂z, a quarter of x̂, half of ∂h and ∂x̂
    /// together (B·D each) and ∂R̄ (D·D); x̂ while labels are worked on; four waits a step, and four more every eighth.
    @Test func messages() throws {
        let four = try row(.deepXML, ranks: 5)
        expect(four.bytesAStep, 357000)
        expect(four.messageSeconds, 32.449638214613195)
        expect(four.seconds, four.computeSeconds + 32.449638214613195)
        let alone = try row(.deepXML, ranks: 2)
        expect(four.efficiency, alone.seconds / four.seconds / 4)
        expect(alone.efficiency, 1)
        #expect(alone.bytesAStep == 0 && alone.messageSeconds == 0)
    }

    @Test("bytes that arrive while a worker computes are waited for where the computing is shorter")
    func coveredBytes() {
        let long = Traffic.Covered(steps: 5, bytes: 2e6, seconds: 4), short = Traffic.Covered(steps: 3, bytes: 2e6, seconds: 1)
        let traffic = Traffic(bytes: 1e6, messages: 10, covered: [long, short])
        #expect(traffic.allBytes == 17e6)
        expect(traffic.seconds(bandwidth: 1e6, latency: 0.5, threads: 1), 1 + 5 + 3)
        expect(traffic.seconds(bandwidth: 1e6, latency: 0.5, threads: 4), 1 + 5 + 5 * 1 + 3 * 1.75)
    }

    @Test func memory() throws {
        let (one, two, five) = (
            try row(.ova, ranks: 1, labels: 50000), try row(.ova, ranks: 2, labels: 50000), try row(.ova, ranks: 5, labels: 50000)
        )
        // A rank that is alone is both, in one process; classifiers with two moments are shared by labels.
        #expect(one.workerBytes > two.workerBytes && one.workerBytes < two.workerBytes + one.coordinatorBytes)
        #expect(two.workerBytes - five.workerBytes > 3 * 4 * 200 * (50000 - 12500) / 2)
        #expect(one.coordinatorBytes == five.coordinatorBytes)
        // 100 scores a document or 1, in blocks of the 500 documents there are: eight blocks of 8 bytes being merged, three
        // copies of 16 bytes of one that arrives, and one being measured: its list, probabilities and a sum of three lists.
        #expect(
            try row(.ova, ranks: 2).coordinatorBytes - row(.ova, ranks: 2, labels: 1).coordinatorBytes
                == 500 * 99 * (8 * 8 + 3 * 16 + 8 * (2 + 6)) + 699 * 32)
    }

    /// Documents that are not in a block cost rank 0 the place where their scores begin.
    @Test func theCoordinatorHoldsBlocks() throws {
        let size = ProblemSize(
            trainDocuments: 1_712_536, testDocuments: 739_665, tokens: 165_431, labels: 2_812_281, dimensions: 300,
            storedFeatures: 20_000_000, storedLabels: 88_000_000)
        let forecast = Forecast(
            framework: .deepXML, config: Config(), size: size, interconnect: Forecast.Interconnect(bandwidth: 1e9, latency: 0))
        #expect(forecast.row(ranks: 8).coordinatorBytes < 512 << 20)
    }
}
