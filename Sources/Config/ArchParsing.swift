import Formats
import Foundation
import Support

extension Arch {
    /// Reads an arch file: `transform_coarse` and `transform_fine`, each with the `order` of its layers and their arguments.
    ///
    /// - Parameter config: gives the values of `#ARGS.x;`, those of section `extreme` as in the original's `Namespace`.
    /// - Throws: `Failure` with file and place: no such file, no JSON, an unknown argument, a layer of `order` without arguments.
    public static func load(path: String, arguments config: Config) throws -> Arch {
        guard let data = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() ?? Data() else {
            throw Failure(
                .usage, "cannot read the arch file", at: path, expected: "a JSON file with transform_coarse and transform_fine",
                advice: "check --arch and global.arch")
        }
        return try parse(data: Array(data), name: path, arguments: config)
    }

    public static func parse(data: some Sequence<UInt8>, name: String, arguments config: Config) throws -> Arch {
        let text = try substitute(String(decoding: Array(data), as: UTF8.self), arguments: config.archArguments, name: name)
        let document = try JSONValue.parse(Array(text.utf8), name: name)
        for member in document.members ?? [] where !["transform_coarse", "transform_fine"].contains(member.name) {
            throw Failure(
                .usage, "unknown key \"\(member.name)\" in an arch file", at: "\(name):\(member.line)", found: member.name,
                expected: "transform_coarse, transform_fine",
                advice: suggestion(for: member.name, among: ["transform_coarse", "transform_fine"]).map {
                    "did you mean \"\($0)\"?"
                }
                    ?? "remove it")
        }
        return Arch(
            coarse: try layers(document["transform_coarse"], of: "transform_coarse", name: name),
            fine: try layers(document["transform_fine"], of: "transform_fine", name: name))
    }

    /// Replaces `#ARGS.x;`; the quotes around it go as well, so that `"#ARGS.embedding_dims;"` becomes a number.
    private static func substitute(
        _ text: String, arguments: @autoclosure () -> [String: JSONValue], name: String
    ) throws -> String {
        let marker = "#ARGS."
        if text.range(of: marker) == nil { return text }
        let arguments = arguments()
        var result = ""
        var rest = Substring(text)
        while let found = rest.range(of: marker) {
            let line = text[..<found.lowerBound].count { $0 == "\n" } + 1
            guard let end = rest[found.upperBound...].firstIndex(of: ";") else {
                throw Failure(
                    .usage, "an argument without its end", at: "\(name):\(line)", found: marker, expected: "#ARGS.name;")
            }
            let argument = String(rest[found.upperBound..<end])
            guard let value = arguments[argument] else {
                throw Failure(
                    .usage, "unknown argument #ARGS.\(argument);", at: "\(name):\(line)", found: argument,
                    expected: "a key of the config",
                    advice: suggestion(for: argument, among: arguments.keys).map { "did you mean #ARGS.\($0);?" } ?? "")
            }
            var before = rest[..<found.lowerBound]
            var after = rest[rest.index(after: end)...]
            if before.last == "\"", after.first == "\"" { (before, after) = (before.dropLast(), after.dropFirst()) }
            result += before + value.text
            rest = after
        }
        return result + rest
    }

    private static func layers(_ stack: JSONValue?, of key: String, name: String) throws -> [Layer] {
        guard let stack, case .array(let order)? = stack["order"], !order.isEmpty else {
            throw Failure(
                .usage, "\(key) has no order of layers", at: name, found: stack?.text ?? "nothing",
                expected: "\"\(key)\": {\"order\": [\"astec\"], \"astec\": {…}}")
        }
        return try order.map { entry in
            guard let kind = entry.string, let arguments = stack[kind]?.members else {
                throw Failure(
                    .usage, "a layer of \(key).order has no arguments", at: name, found: entry.text,
                    expected: "\"\(entry.string ?? "layer")\": {…} in \(key)")
            }
            return layer(kind, arguments)
        }
    }

    private static func layer(_ kind: String, _ arguments: [JSONValue.Member]) -> Layer {
        var layer = Layer(kind: kind)
        for argument in arguments {
            switch argument.value {
            case .number(let number): layer.numbers[argument.name] = number
            case .bool(let flag): layer.numbers[argument.name] = flag ? 1 : 0
            case .null: break
            case .string(let text): layer.texts[argument.name] = text
            case let other: layer.texts[argument.name] = other.text
            }
        }
        return layer
    }
}

extension Config {
    /// Values of `#ARGS.x;`: every key of `global` and `extreme`, and what the file says of keys without effect.
    var archArguments: [String: JSONValue] {
        var arguments: [String: JSONValue] = [
            "vocabulary_dims": .number(-1), "padding_idx": .number(0), "res_init": .string("eye"),
        ]
        for key in KeysWithoutEffect.reasons.keys {
            if let entry = written.entry(key, in: .extreme) { arguments[key] = entry.value }
        }
        for key in GlobalConfig.keys { arguments[key.name] = key.read(global) }
        for key in ModuleConfig.keys { arguments[key.name] = key.read(extreme) }
        return arguments
    }
}
