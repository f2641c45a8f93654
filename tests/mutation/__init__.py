"""The mutation floor: bundles spoiled on purpose, by definitions read without the checker's help, must be found out."""
