import Foundation
import Support

/// How far the running `fasttext` program is with its text.
///
/// With several threads it says so in its log, ten times a second. With one, the thread that would say it trains: there the place
/// where it reads its text tells, of which it makes a pass for the vocabulary and then one an epoch.
package struct FastTextWatch {
    let process: Int32
    /// The text, and what the program prints.
    let input: String, log: String
    let epochs: Int
    private var pass = 0, place = 0
    private var hasVocabulary = false

    package init(process: Int32, input: String, log: String, epochs: Int) {
        (self.process, self.input, self.log, self.epochs) = (process, input, log, epochs)
    }

    /// The share of the training that is done; nil: it has not begun, or can't be seen.
    package mutating func share() -> Double? {
        if let share = Self.share(inLog: tail(of: log)) { return share }
        hasVocabulary = hasVocabulary || tail(of: log).contains("Number of words")
        guard hasVocabulary, epochs > 0, let (now, size) = position(), size > 0 else { return nil }
        if now < place { pass += 1 }
        place = now
        return min(1, (Double(pass) + Double(now) / Double(size)) / Double(epochs))
    }

    /// The last `Progress:  12.3%` of a log: each overwrites the one before, by a carriage return.
    package static func share(inLog text: String) -> Double? {
        guard let word = text.range(of: "Progress:", options: .backwards) else { return nil }
        let rest = text[word.upperBound...]
        guard let sign = rest.firstIndex(of: "%") else { return nil }
        return Double(rest[..<sign].trimmingCharacters(in: .whitespaces)).map { min(1, max(0, $0 / 100)) }
    }

    private func tail(of path: String) -> String {
        guard let file = FileHandle(forReadingAtPath: path), let end = try? file.seekToEnd() else { return "" }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: end - min(end, 4096))) != nil, let bytes = try? file.readToEnd() else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the program reads its text (proc(5), fdinfo), and how long that is, bytes.
    private func position() -> (place: Int, size: Int)? {
        let files = "/proc/\(process)/fd", name = "/" + lastName(input)
        for number in namesInFolder(files) {
            let about = "/proc/\(process)/fdinfo/\(number)"
            guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(files)/\(number)"),
                path.hasSuffix(name), let info = try? String(contentsOfFile: about, encoding: .utf8),
                let line = info.split(separator: "\n").first(where: { $0.hasPrefix("pos:") }),
                let place = Int(line.dropFirst(4).trimmingCharacters(in: .whitespaces)),
                let size = try? FileManager.default.attributesOfItem(atPath: input)[.size] as? Int
            else { continue }
            return (place, size)
        }
        return nil
    }
}
