import argparse
#right


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, required=True)
    arguments = parser.parse_args()
    train(torch.randn(10**6, 3), torch.randn(10**6, 1), 1, arguments.epochs, 0.1)


if __name__ == "__main__":
    main()
