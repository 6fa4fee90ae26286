"""Operations on boxes and images, and blocks of models."""
