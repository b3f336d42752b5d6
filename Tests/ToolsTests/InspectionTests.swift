import Foundation
import Support
import TestSupport
import Testing
import Tools

@Suite struct InspectionTests {
    private func inspect(_ path: String, verify: Bool = true) throws -> Inspection {
        try Inspector(path: path, verify: verify).inspect()
    }

    private func fact(_ name: String, of page: Inspection) -> String? { page.facts.first { $0.name == name }?.value.text }

    @Test("A learner's folder: seed, modules and sizes")
    func model() throws {
        let page = try inspect(SmallLearner.model())
        #expect(page.kind == "model" && page.damages.isEmpty && page.isVerified)
        #expect(fact("seed", of: page) == "108")
        #expect(fact("framework", of: page) == "DeepXML")
        let modules = page.tables.first { $0.name == "checkpoints" }?.rows.map { $0[1].text }
        #expect(modules == ["surrogate", "shortlist", "extreme", "reranker"])
    }

    @Test("A checkpoint: whole arrays, however they were cut")
    func checkpoint() throws {
        let page = try inspect("\(SmallLearner.model())/ckpt_extreme_2_0/")
        #expect(page.kind == "checkpoint" && page.damages.isEmpty)
        let arrays = try #require(page.tables.first { $0.name == "arrays" }).rows
        let weight = try #require(arrays.first { $0[0].text == "classifier.weight" })
        let labels = try #require(fact("labels", of: page))
        #expect(weight[2].text == "\(labels)×32" && weight[3].text == "rows" && weight[4].text == "2")
    }

    @Test("One changed bit is found by --verify, and the file is named")
    func flippedBit() throws {
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        let shard = "\(folder)/ckpt_surrogate_2_0/shard-0-of-2.h5"
        try flipBit(shard)
        #expect(try inspect(folder, verify: false).damages.isEmpty)
        #expect(try inspect(folder).damages.map(\.place) == [shard])
        #expect(try inspect("\(folder)/ckpt_surrogate_2_0").damages.map(\.place) == [shard])
    }

    @Test("A missing shard, a damaged manifest and a damaged description are seen without --verify")
    func withoutVerifying() throws {
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        try FileManager.default.removeItem(atPath: "\(folder)/ckpt_surrogate_2_0/shard-1-of-2.h5")
        try flipBit("\(folder)/ckpt_extreme_2_0/manifest.json")
        try flipBit("\(folder)/model.json")
        let places = Set(try inspect(folder, verify: false).damages.map { $0.place.replacing("\(folder)/", with: "") })
        #expect(places == ["ckpt_surrogate_2_0/shard-1-of-2.h5", "ckpt_extreme_2_0/manifest.json", "model.json"])
    }

    @Test("A checkpoint that was never finished is no damage in a model's folder")
    func unfinished() throws {
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/ckpt_reranker_1_3", withIntermediateDirectories: true)
        let page = try inspect(folder)
        #expect(page.damages.isEmpty)
        #expect(page.text.contains("unfinished"))
    }

    @Test("Results, a data set, its cache and the files in them")
    func others() throws {
        let options = try SmallLearner.job().options
        let results = try inspect(options.resultFolder)
        #expect(results.kind == "results" && results.damages.isEmpty && fact("test documents", of: results) == "40")
        #expect(try fact("parts", of: inspect(SmallLearner.results())) == "clf,knn,reranker")
        let dataset = try inspect(options.datasetFolder)
        #expect(dataset.kind == "data set" && fact("training documents", of: dataset) == "160")
        let cache = try inspect("\(SmallLearner.model())/training.xcd")
        #expect(cache.kind == "data set cache" && fact("test documents", of: cache) == "0")
        #expect(fact("labels in file", of: cache) == "640")
        #expect(try fact("sparse matrix", of: inspect("\(options.resultFolder)/score.npz")) == "40×640")
        #expect(try inspect("\(options.resultFolder)/score.h5").kind == "HDF5 file")
        #expect(try inspect(options.ensembleFolder).kind == "ensemble")
    }

    @Test("An ensemble that names itself has an end")
    func circle() throws {
        let folder = try TemporaryFolder()
        try folder.write("ensemble.json", #"{"schema": 1, "learners": [".", "."]}"#)
        let page = try inspect(folder.path)
        #expect(page.kind == "ensemble" && page.damages.count == 2)
    }

    @Test("Damage of single files is named", arguments: ["score.h5", "score.npz", "predictions.h5"])
    func damagedFile(name: String) throws {
        let folder = try SmallLearner.copy(of: SmallLearner.results())
        defer { SmallLearner.remove(folder) }
        try flipBit("\(folder)/\(name)")
        #expect(try inspect("\(folder)/\(name)").damages.count == 1)
        let places = try inspect(folder).damages.map(\.place)
        #expect(places.count == 1 && places[0].hasPrefix("\(folder)/\(name)"))
    }

    @Test("A damaged cache")
    func damagedCache() throws {
        let folder = try SmallLearner.copy(of: SmallLearner.model())
        defer { SmallLearner.remove(folder) }
        try flipBit("\(folder)/training.xcd")
        #expect(try inspect("\(folder)/training.xcd").damages.count == 1)
    }

    @Test("JSON is JSON, with the same figures")
    func json() throws {
        let page = try inspect(SmallLearner.model())
        let parsed = try JSONSerialization.jsonObject(with: Data(page.json.utf8)) as? [String: Any]
        #expect(parsed?["seed"] as? Int == 108)
        #expect(parsed?["whole"] as? Bool == true)
        #expect((parsed?["checkpoints"] as? [[String: Any]])?.count == 4)
    }

    @Test("Nothing, and nothing that we know, are wrong use")
    func refused() throws {
        for path in ["/nowhere", "/proc"] {
            let failure = #expect(throws: Failure.self) { try inspect(path) }
            #expect(failure?.code == .usage && failure?.expected.isEmpty == false)
        }
    }
}
