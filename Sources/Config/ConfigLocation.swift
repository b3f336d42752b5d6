import Formats
import Foundation
import Support

extension Config {
    /// The config file of a data set: `<configs>/<framework>/<dataset>.json`, else `default.json` beside it.
    ///
    /// - Returns: the path, and whether it is the default for want of the data set's own.
    /// - Throws: `Failure` where neither exists.
    public static func locate(framework: String, dataset: String, configFolder: String) throws -> (path: String, isDefault: Bool)
    {
        let own = "\(configFolder)/\(framework)/\(dataset).json"
        if FileManager.default.fileExists(atPath: own) { return (own, false) }
        let fallback = "\(configFolder)/\(framework)/default.json"
        if FileManager.default.fileExists(atPath: fallback) { return (fallback, true) }
        throw Failure(
            .usage, "no config for data set \"\(dataset)\", and no default one", at: own, expected: "this file or \(fallback)",
            advice: "name a config file with --config, or a folder of them with --configs")
    }

    /// The folder `configs`: the one that is named, else that of the working directory, else the one that came with the
    /// executable (a parent of `.build/release`, or `<prefix>/share/deepxml-dist` of an installed one).
    ///
    /// A folder counts where it has one of the framework's name, so that another program's `configs` is passed over.
    public static func folder(named: String?, framework: String, workingDirectory: String, executable: String) throws -> String {
        let qualifies = { (folder: String) in isFolder("\(folder)/\(framework)") }
        if let named {
            if qualifies(named) { return named }
            throw Failure(
                .usage, "no folder of configs for framework \(framework)", at: "--configs \(named)",
                expected: "a folder that has \(framework)/default.json", advice: "check --configs")
        }
        let besideExecutable = parents(of: executable, levels: 4).flatMap {
            ["\($0)/configs", "\($0)/share/deepxml-dist/configs"]
        }
        let candidates = ["\(workingDirectory)/configs"] + besideExecutable
        if let found = candidates.first(where: qualifies) { return relative(found, to: workingDirectory) }
        throw Failure(
            .usage, "no folder of configs for framework \(framework)", at: "configs",
            found: "none in \(workingDirectory) "
                + "nor beside \(executable)",
            expected: "configs/\(framework)/default.json",
            advice: "name the folder with --configs, or a config file with --config")
    }

    private static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    private static func parents(of path: String, levels: Int) -> [String] {
        var folder = URL(fileURLWithPath: path)
        var folders = [String]()
        for _ in 0..<levels where folder.path != "/" {
            folder.deleteLastPathComponent()
            folders.append(folder.path)
        }
        return folders
    }

    /// `configs` rather than the whole path where it stands in the working directory: messages stay short.
    private static func relative(_ path: String, to workingDirectory: String) -> String {
        path.hasPrefix(workingDirectory + "/") ? String(path.dropFirst(workingDirectory.count + 1)) : path
    }
}
