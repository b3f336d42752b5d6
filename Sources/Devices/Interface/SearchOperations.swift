import Support

/// Nearest neighbours, best labels, and the lists made of them.
public protocol SearchOperations {}
