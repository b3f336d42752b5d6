import Foundation
import Support

/// What a worker tells its group's leader of the shard that it has written; the leader puts it into the manifest.
public struct ShardReceipt: Sendable, Codable, Equatable {
    public var shard: Int
    public var shardCount: Int
    /// Name in the checkpoint's folder.
    public var file: String
    public var bytes: Int
    /// CRC-32 of the whole file.
    public var checksum: String
    public var arrays: [ArrayRecord]

    static func fileName(shard: Int, of count: Int) -> String { "shard-\(shard)-of-\(count).h5" }

    /// Whether nothing in it is out of any range: a name that leads elsewhere, extents that no array has.
    var isSound: Bool {
        let number = shard >= 0 && shard < shardCount
        return number && file == Self.fileName(shard: shard, of: shardCount) && bytes >= 0 && arrays.allSatisfy(\.isSound)
    }

    /// What is wrong with the file in `folder`, or nil where every byte is as it was written.
    func damage(in folder: String) throws -> Damage? {
        if let damage = try damageOfSize(in: folder) { return damage }
        let real = try CRC32.ofFile("\(folder)/\(file)").hex
        return real == checksum ? nil : Damage("checksum \(real), expected \(checksum)")
    }

    /// What a look at the file's presence and size finds wrong, without reading it.
    func damageOfSize(in folder: String) throws -> Damage? {
        let path = "\(folder)/\(file)"
        var status = stat()
        if stat(path, &status) != 0 {
            if errno == ENOENT { return Damage("the file is missing") }
            throw Failure.system(errno, "the shard cannot be read", path)
        }
        return Int(status.st_size) == bytes ? nil : Damage("\(status.st_size) bytes, expected \(bytes)")
    }
}
