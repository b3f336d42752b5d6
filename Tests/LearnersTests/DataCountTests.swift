import Datasets
import DeepXMLModel
import Devices
import Learners
import Support
import Testing
import WorkerChecks

/// What a plan counts on the data, against what a trained learner has.
@Suite("Counts before training") struct DataCountTests {
    private let cpu = CPUDevice(team: ThreadTeam(size: 1))

    /// A learner's data and settings, and what it kept.
    private struct Trained {
        let job: LearnerJob
        let data: XCDataset
        /// Weights of each label.
        let weights: [Int]
        let meanEntries: Int

        init(_ small: SmallCase) throws {
            let scratch = try Scratch()
            job = try LearnerJob(folder: scratch("job"), small)
            #expect(try job.run(workers: 1) == 0)
            let files = XCDatasetFiles(folder: job.options.datasetFolder, global: job.options.config.global, normalize: true)
            data = try XCDataset.load(files: files, threads: 1)
            let arrays = try LearnerOutcome(of: job).arrays
            weights = try #require(arrays["classifiers.classifier.counts"]).map { Int($0) }
            meanEntries = arrays["shortlist.mean.counts"]?.reduce(0) { $0 + Int($1) } ?? 0
        }

        func counts(_ learner: any Learner, on device: any Device) -> DataCounts? {
            learner.counts(data, job.options.config, on: device)
        }
    }

    /// 256 labels are few enough to be trained all. A quarter of a table's places or more are free; they come in eights, with a byte and
    /// a weight of eight bytes each, and sixteen bytes more a table.
    @Test(
        "few labels: SparseSlice's exactly", arguments: [["num_negatives=80"], ["num_negatives=12", "postings=9", "delta=0.02"]])
    func sparseSlice(settings: [String]) throws {
        let trained = try Trained(SmallCase(.sparseSlice, settings: settings.map { "sparse_slice.\($0)" }))
        let counts = try #require(trained.counts(SparseSlice(), on: cpu))
        #expect(trained.weights.count == 256 && trained.meanEntries > 256)
        #expect(counts.meanEntries == trained.meanEntries && counts.weights == trained.weights.reduce(0, +))
        let bytes = trained.weights.filter { $0 > 0 }.map { count in (count * 4 / 3 + 8) / 8 * 8 * 9 + 16 }
        #expect(counts.tableBytes == bytes.reduce(0, +))
    }

    @Test("few labels: DiSMEC's exactly")
    func dismec() throws {
        let trained = try Trained(SmallCase(.dismec, settings: ["dismec.delta=0.05"]))
        #expect(trained.counts(DiSMEC(), on: cpu) == DataCounts(weights: trained.weights.reduce(0, +)))
    }

    @Test("linear learners alone count")
    func others() throws {
        let trained = try Trained(SmallCase(.dismec, settings: []))
        for learner in Frameworks.all where !(learner is SparseSlice) && !(learner is DiSMEC) {
            #expect(trained.counts(learner, on: cpu) == nil)
        }
    }

    /// A tenth of 2,000 labels trained; means of as many, or of all.
    @Test("many labels: nearly, from some of them")
    func sampled() throws {
        var many = SmallCase(.sparseSlice, settings: [])
        many.data = SampleData(documents: 3000, testDocuments: 5, tokens: 900, labels: 2000)
        let trained = try Trained(many), weights = trained.weights.reduce(0, +)
        var count = SparseSliceCount(
            trained.data.trainFeatures, members: trained.data.trainDocuments, SparseSliceSettings(), on: cpu)
        #expect(trained.weights.count == 2000)
        func near(_ found: Int, _ wanted: Int, within part: Double) -> Bool {
            abs(Double(found) - Double(wanted)) < part * Double(wanted)
        }
        count.trained = 200
        let few = count.counts()
        #expect(few.meanEntries == trained.meanEntries)
        #expect(near(few.weights, weights, within: 0.1) && few.weights != weights, "\(few.weights), \(weights) kept")
        count.meanFeatures = 0
        let fewest = count.counts()
        #expect(near(fewest.meanEntries, trained.meanEntries, within: 0.1), "\(fewest.meanEntries), \(trained.meanEntries) kept")
        #expect(near(fewest.weights, weights, within: 0.1), "\(fewest.weights), \(weights) kept")
        count.trained = 2000
        #expect(count.counts().weights == weights)
    }

    @Test("nothing of nothing")
    func empty() {
        let none = SparseSliceCount(
            CSRMatrix(cols: 3, rows: []), members: CSRMatrix(cols: 0, rows: [], binary: true), SparseSliceSettings(), on: cpu)
        #expect(none.counts() == DataCounts(weights: 0))
    }
}

@Suite("Samples of labels") struct LabelSampleTests {
    @Test func evenly() {
        let some = LabelSample(4, of: 10)
        #expect(some.labels == [0, 2, 5, 7] && some.weights == [2.5, 2.5, 2.5, 2.5])
        #expect(some.total { _ in 3 } == 30)
        #expect(LabelSample(7, of: 3).labels == [0, 1, 2] && LabelSample(7, of: 3).weights == [1, 1, 1])
    }

    /// Sizes 1 … 100 are 5,050 in all: ten labels, one for each 505. What grows with the size is found exactly, whatever the labels.
    @Test func bySize() {
        let all = LabelSample(100, of: 100), some = all.proportional(10) { Double($0 + 1) }
        #expect(some.labels.count == 10 && some.total { some.labels[$0] + 1 } == 5050)
        // Sums up to label l are (l + 1)(l + 2)/2: the first to exceed 252.5 is that of 22, 757.5 that of 38.
        #expect(some.labels.prefix(2) == [21, 38] && some.weights[0] == 505.0 / 22)
        #expect(all.proportional(100) { Double($0 + 1) } == all && all.proportional(1000) { _ in 1 } == all)
        // Every second of 200 labels first: each stands for twice as many.
        let second = LabelSample(100, of: 200).proportional(10) { _ in 1 }
        #expect(second.labels == (0..<10).map { 20 * $0 + 10 } && second.weights.allSatisfy { $0 == 20 })
    }

    /// A label of half of the sum is met five times, and stands for itself and no other.
    @Test func oneLabelIsHalf() {
        let some = LabelSample(101, of: 101).proportional(10) { $0 == 50 ? 100 : 1 }
        #expect(some.labels.count == 6 && some.weights[some.labels.firstIndex(of: 50) ?? 0] == 1)
        #expect(some.total { some.labels[$0] == 50 ? 100 : 1 } == 200)
    }
}
