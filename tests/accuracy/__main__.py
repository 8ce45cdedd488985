from tests.accuracy.tables import main

if __name__ == "__main__":
    main()
