/* programs/main.c - the one binary. */
int main(void)
{
    return 0;
}
