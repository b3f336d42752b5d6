import Foundation
import Support

/// The config of a run: which file, what it says after `--set`, and for which data set.
struct ConfigSource {
    var path: String
    var config: Config
    var usesDemoData: Bool
    var notices: [String]
    /// Folder of configs, nil where none was found or needed.
    var folder: String?

    /// Precedence: `--config`, else `<configs>/<framework>/<dataset>.json`, else the default there. The data set is
    /// `--dataset`, else the one that the file of `--config` names, else the demo's.
    static func find(
        _ arguments: TrainArguments, _ framework: FrameworkRequirements, workingDirectory: String, executable: String
    ) throws -> ConfigSource {
        let named = try arguments.dataset.map {
            try TrainOptions.pathComponent($0, of: "--dataset", what: "the name of a folder in --data")
        }
        let folder = Result {
            try Config.folder(
                named: arguments.configs, framework: framework.name.rawValue, workingDirectory: workingDirectory,
                executable: executable)
        }
        var notices = [String]()
        var path = arguments.config ?? ""
        if arguments.config == nil {
            let dataset = named ?? TrainOptions.demoDataset
            let found = try Config.locate(framework: framework.name.rawValue, dataset: dataset, configFolder: try folder.get())
            path = found.path
            if found.isDefault { notices.append("using \(found.path): no config for \(dataset)") }
        }
        var config = try Config.load(path: path, schema: framework.schema)
        let fileDataset = arguments.config == nil ? "" : config.global.dataset
        try apply(arguments.settings, to: &config)
        try config.requireTrainable(framework)
        if let named, !fileDataset.isEmpty, named != fileDataset {
            notices.append("\(path) was written for data set \(fileDataset), and is used for \(named)")
        }
        let usesDemoData = named == nil && fileDataset.isEmpty
        config.global.dataset = named ?? (usesDemoData ? TrainOptions.demoDataset : fileDataset)
        return ConfigSource(
            path: path, config: config, usesDemoData: usesDemoData, notices: notices + config.notices(framework),
            folder: try? folder.get())
    }

    private static func apply(_ settings: [String], to config: inout Config) throws {
        for setting in settings {
            if setting.filter({ $0 != " " }).hasPrefix("global.dataset=") {
                throw Failure(
                    .usage, "the data set is chosen by --dataset", at: "--set \(setting)", found: setting,
                    expected: "another key",
                    advice: "use --dataset \(setting.drop { $0 != "=" }.dropFirst())")
            }
            try config.set(setting)
        }
    }
}

/// The architecture of a run: its name, its file's content, and that as Astec's parameters.
struct Architecture {
    var name: String
    var definition: Arch
    /// nil: another encoder than Astec.
    var astec: AstecParameters?
    /// The config with the architecture's name in it.
    var config: Config

    /// `--arch`, else `global.arch`: a name of `<configs>/arch`, or the path of a JSON file. Astec is built in.
    static func find(_ typed: String?, _ source: ConfigSource, _ framework: FrameworkRequirements) throws -> Architecture {
        if let name = framework.archWithoutEncoder { return try none(named: name, typed, source, framework.name) }
        let wanted = typed ?? source.config.global.arch
        let isPath = wanted.hasSuffix(".json")
        let stem = isPath ? URL(fileURLWithPath: wanted).deletingPathExtension().lastPathComponent : wanted
        let name = try TrainOptions.pathComponent(stem, of: "--arch", what: "the name of an arch file, such as Astec")
        var config = source.config
        config.global.arch = name
        let path = isPath ? wanted : source.folder.map { "\($0)/arch/\(name).json" }
        let definition: Arch
        if let path, isPath || FileManager.default.fileExists(atPath: path) {
            definition = try Arch.load(path: path, arguments: config)
        } else if name.lowercased() == "astec" {
            definition = .astec()
        } else {
            throw unknown(name, folder: source.folder)
        }
        guard definition.isAstec else { return Architecture(name: name, definition: definition, astec: nil, config: config) }
        do {
            let astec = try definition.astecParameters(embeddingDims: config.global.embeddingDims)
            return Architecture(name: name, definition: definition, astec: astec, config: config)
        } catch var failure as Failure {
            if let path { failure.place = "\(path): \(failure.place)" }
            throw failure
        }
    }

    /// Of a framework that has no encoder.
    private static func none(
        named name: String, _ typed: String?, _ source: ConfigSource, _ framework: FrameworkName
    ) throws -> Architecture {
        guard typed == nil || typed == name else {
            throw Failure(
                .usage, "framework \(framework) has no encoder to choose", at: "--arch", found: typed ?? "", expected: name,
                advice: "leave --arch out")
        }
        var config = source.config
        config.global.arch = name
        return Architecture(name: name, definition: Arch(coarse: [], fine: []), astec: nil, config: config)
    }

    private static func unknown(_ name: String, folder: String?) -> Failure {
        let files = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: "\($0)/arch") } ?? []
        let known = Set(files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) } + ["Astec"]).sorted()
        return Failure(
            .usage, "unknown architecture \"\(name)\"", at: "--arch", found: name, expected: known.joined(separator: ", "),
            advice: suggestion(for: name, among: known).map { "did you mean \($0)?" }
                ?? "write \(folder ?? "configs")/arch/\(name).json, or use --arch Astec")
    }
}
