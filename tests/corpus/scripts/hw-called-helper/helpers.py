def count(net):
    return sum(p.numel() for p in net.parameters())


def to_gpu(net):
    return net.cuda()
