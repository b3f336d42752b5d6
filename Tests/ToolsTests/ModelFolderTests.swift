import Datasets
import Foundation
import Inference
import Learners
import Prepare
import Support
import Testing
import WorkerChecks

@Suite struct ModelFolderTests {
    @Test("A finished learner's folder opens without the run's other folders, and holds what was trained on")
    func selfContained() throws {
        let options = try SmallLearner.job().options, folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        let model = try TrainedModel.open(folder: folder)
        let files = XCDatasetFiles(
            folder: options.datasetFolder, global: options.config.global, normalize: options.config.extreme.normalize)
        let data = try XCDataset.load(files: files, threads: 1)
        #expect(model.config == options.config)
        #expect(model.arch == options.archDefinition)
        #expect(model.seed == LearnerJob.seed)
        #expect(model.labelIds.array == data.labelIds.array)
        #expect(data.labelCount < data.labelCountInFile)
        #expect(model.data.labelCountInFile == data.labelCountInFile)
        #expect(model.data.trainFeatures.values?.array == data.trainFeatures.values?.array)
        #expect(model.data.trainLabels.indices.array == data.trainLabels.indices.array)
        #expect(model.data.testFeatures.rows == 0)
        #expect(model.labelNames?[7] == "labels.txt 7")
        #expect(try model.modules() == ["surrogate", "shortlist", "extreme", "reranker"])
        let ids = try String(contentsOfFile: "\(folder)/label_ids.txt", encoding: .utf8)
        #expect(ids.split(separator: "\n").map { Int32($0) } == data.labelIds.array)
        #expect(try String(contentsOfFile: "\(folder)/vocabulary.txt", encoding: .utf8).hasPrefix("vocabulary.txt 0\n"))
    }

    @Test("The model's checkpoints belong to the identity that its description gives")
    func identity() throws {
        let model = try TrainedModel.open(folder: SmallLearner.model())
        let reader = try #require(try model.store().pinned(module: "extreme"))
        #expect(try reader.extent("classifier.weight").rows == model.labelIds.count)
    }

    @Test("The ensemble's folder names its learners")
    func ensemble() throws {
        let models = try TrainedModel.openAll(folder: SmallLearner.job().options.ensembleFolder)
        #expect(models.map(\.seed) == [LearnerJob.seed])
    }

    @Test("A damaged description or data of another data set are refused as damage")
    func damage() throws {
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        let content = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/model.json"))
        let changed = String(decoding: content, as: UTF8.self).replacing("\"dims\": 20", with: "\"dims\": 21")
        try changed.write(toFile: "\(folder)/model.json", atomically: true, encoding: .utf8)
        let wrong = #expect(throws: Failure.self) { try TrainedModel.open(folder: folder) }
        #expect(wrong?.code == .damagedCheckpoint)
        try content.write(to: URL(fileURLWithPath: "\(folder)/model.json"))
        let other = try LearnerJob(
            folder: "\(folder)/other", data: SampleData(documents: 50, testDocuments: 5, tokens: 300, labels: 640))
        let data = try XCDataset.load(files: XCDatasetFiles(folder: other.options.datasetFolder), threads: 1)
        try data.write(cacheFile: "\(folder)/training.xcd", threads: 1)
        let mixed = #expect(throws: Failure.self) { try TrainedModel.open(folder: folder) }
        #expect(mixed?.code == .damagedCheckpoint)
    }

    @Test("The text vectoriser comes from the folder, where the data set was made of text")
    func textVectoriser() throws {
        #expect(try TrainedModel.open(folder: SmallLearner.model()).textVectoriser() == nil)
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        let vectoriser = TextVectoriser(fitting: ["a cat sat", "a dog sat"], minCount: 1)
        try vectoriser.save(to: folder)
        #expect(try TrainedModel.open(folder: folder).textVectoriser() == vectoriser)
    }

    @Test("A folder without a description is no trained model, and says what to do")
    func untrained() throws {
        let missing = #expect(throws: Failure.self) { try TrainedModel.open(folder: SmallLearner.results()) }
        #expect(missing?.code == .usage)
        #expect(missing?.advice.isEmpty == false)
    }
}
