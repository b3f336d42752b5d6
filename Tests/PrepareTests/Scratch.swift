import Diagnostics
import Foundation

/// A folder for one test, removed with this object.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("prepare-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ content: String) throws -> String { try file(name, Data(content.utf8)) }

    func file(_ name: String, _ content: Data) throws -> String {
        let place = "\(path)/\(name)"
        try content.write(to: URL(fileURLWithPath: place))
        return place
    }

    func lines(_ name: String) throws -> [String] { try Self.lines("\(path)/\(name)") }

    static func lines(_ path: String) throws -> [String] {
        var lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    var entries: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// The failure that `body` throws, or nil.
func failure(of body: () throws -> Void) -> Failure? {
    do { try body() } catch { return error as? Failure }
    return nil
}
